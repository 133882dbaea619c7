/** What was looked at. JSON, the same for people and for programs. */
export interface Check extends Subject {
  /** `warning`: it works, but wants attention. */
  readonly status: "ok" | "warning" | "failed";
  /** In a few words or a sentence. */
  readonly found: string;
  /** What repairs it; null where nothing is to be done, or where `found` says it too. */
  readonly remedy: string | null;
}

export interface Subject {
  /** What programs compare: the area and the thing, such as `database.integrity`. */
  readonly id: string;
  readonly title: string;
}

export function ok({ id, title }: Subject, found: string): Check {
  return { id, title, status: "ok", found, remedy: null };
}

export function warning({ id, title }: Subject, found: string, remedy: string): Check {
  return { id, title, status: "warning", found, remedy };
}

/** @param sentence of an error of ours, which names the thing and the remedy. */
export function refused({ id, title }: Subject, sentence: string): Check {
  return { id, title, status: "failed", found: sentence, remedy: null };
}

export function failed({ id, title }: Subject, found: string, remedy: string): Check {
  return { id, title, status: "failed", found, remedy };
}
