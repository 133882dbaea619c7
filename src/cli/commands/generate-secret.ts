import { generateKey } from "../../secret/fernet.ts";

/** Prints a new Fernet key, the best SENDWRIGHT_SECRET there is. */
export function generateSecretCommand(): number {
  console.log(generateKey());
  return 0;
}
