// Makes zip archives in memory, for tests: also ones that no honest program would make.
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipMember {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** The size that its entry declares. Default: the true one. */
  readonly declaredBytes?: number;
  readonly encrypted?: boolean;
}

const localMagic = 0x04034b50;
const entryMagic = 0x02014b50;
const endMagic = 0x06054b50;
const utf8Flag = 0x800;

export function zipOf(members: readonly ZipMember[]): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const member of members) {
    const bytes = Buffer.from(member.content as Uint8Array);
    const packed = deflateRawSync(bytes);
    const name = Buffer.from(member.name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(utf8Flag | (member.encrypted === true ? 1 : 0), 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(packed.byteLength, 14);
    fields.writeUInt32LE(member.declaredBytes ?? bytes.byteLength, 18);
    fields.writeUInt16LE(name.byteLength, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    const local = Buffer.concat([word(localMagic), fields, name, packed]);
    entries.push(Buffer.concat([word(entryMagic), fields.subarray(0, 2), fields, tail, name]));
    parts.push(local);
    at += local.byteLength;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.byteLength, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, directory, word(endMagic), end]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
