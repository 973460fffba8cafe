/* ---
materialize: table
checks: [not_null(membership_id), not_null(birthday)]
description: Accepted applications with the name split, the birthday as YYYYMMDD and the id of the membership.
--- */
WITH read AS (
  SELECT
    regexp_split_to_array(
      trim(regexp_replace(
        regexp_replace(trim(name), '^(Mr\.|Mrs\.|Ms\.|Miss|Dr\.) +', ''),
        '( +(MD|DDS|DVM|PhD|Jr\.|Sr\.|I|II|III|IV|V))+$', ''
      )), ' +'
    ) AS words,
    CASE
      WHEN regexp_full_match(date_of_birth, '[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}') THEN CAST(replace(date_of_birth, '/', '-') AS DATE)
      WHEN contains(date_of_birth, '/')
        THEN CAST(concat(right(date_of_birth, 4), '-', left(date_of_birth, 2), '-', substr(date_of_birth, 4, 2)) AS DATE)
      ELSE CAST(concat(right(date_of_birth, 4), '-', substr(date_of_birth, 4, 2), '-', left(date_of_birth, 2)) AS DATE)
    END AS born,
    email,
    mobile_no
  FROM applications
)
SELECT
  CASE WHEN len(words) > 1 THEN array_to_string(words[:-2], ' ') END AS first_name,
  words[-1] AS last_name,
  strftime(born, '%Y%m%d') AS birthday,
  true AS above_18,
  concat(words[-1], '_', left(sha256(strftime(born, '%Y%m%d')), 5)) AS membership_id,
  email,
  mobile_no
FROM read
