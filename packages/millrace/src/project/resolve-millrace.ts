// Lets the author's files import "millrace" also where it is not installed, as right after `millrace init`: then it is the one whose command was typed.
// Imported for its effect by the workers that run the author's code.
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, nextResolve) {
    try {
      return nextResolve(specifier, context);
    } catch (error) {
      if (specifier !== "millrace") throw error;
      return nextResolve(specifier, { ...context, parentURL: import.meta.url });
    }
  },
});
