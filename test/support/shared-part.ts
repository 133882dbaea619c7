import { inject } from "vitest";
import type { SharedParts } from "../setup/shared.ts";

/**
 * The address of what all test files of a run share. The first to ask starts it; the run ends it.
 * @throws Error that says why it cannot be started.
 */
export async function sharedPart<Name extends keyof SharedParts>(name: Name): Promise<SharedParts[Name]> {
  const response = await fetch(inject("sharedParts") + name);
  const text = await response.text();
  if (!response.ok) throw new Error(`The shared ${name} cannot be started: ${text}`);
  return JSON.parse(text);
}
