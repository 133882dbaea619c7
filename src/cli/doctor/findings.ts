import { isSendwrightError } from "../../core/errors.ts";
import { type Check, failed, refused, type Subject } from "./checks/check.ts";

/** The checks of an examination, collected while it runs. */
export class Findings {
  readonly checks: Check[] = [];

  add(...checks: readonly Check[]): void {
    this.checks.push(...checks);
  }

  /**
   * Runs a part of the examination. An error becomes a finding like any other, and the other parts go on.
   * @returns what the work gives, or null.
   */
  async examine<Value>(subject: Subject, work: () => Value | Promise<Value>): Promise<Value | null> {
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
  return failed(subject, `This check failed: ${message}`, "Report this with the file from --bundle.");
}
