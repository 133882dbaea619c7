import { isSendwrightError } from "../../core/errors.ts";
import { type Check, failed, refused, type Subject } from "./checks/check.ts";

/** What an examination finds, in the making. */
export class Findings {
  readonly checks: Check[] = [];

  add(...checks: readonly Check[]): void {
    this.checks.push(...checks);
  }

  /**
   * Runs a part of the examination. If it breaks down, that is a finding like any other, and hinders no other part.
   * @returns what the work gives, or null.
   */
  async look<Value>(subject: Subject, work: () => Value | Promise<Value>): Promise<Value | null> {
    try {
      return await work();
    } catch (error) {
      this.add(brokenDown(subject, error));
      return null;
    }
  }
}

function brokenDown(subject: Subject, error: unknown): Check {
  if (isSendwrightError(error)) return refused(subject, error.message);
  const message = error instanceof Error ? error.message : String(error);
  return failed(subject, `It could not be looked at: ${message}`, "Please report this, with --bundle.");
}
