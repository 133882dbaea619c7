/** One wrong field of a request: `pointer` is a JSON Pointer (RFC 6901) into the body. */
export interface FieldProblem {
  readonly pointer: string;
  readonly detail: string;
  /** In the source of a template, from 1 on. */
  readonly line?: number | null;
  readonly column?: number | null;
}

/** A problem as the server reports it (RFC 9457), with the code that programs compare. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly errors?: readonly FieldProblem[];
}

/** A request that failed: the server's own problem, or ours when no server answered. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly errors: readonly FieldProblem[];

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
    this.code = problem.code;
    this.title = problem.title;
    this.errors = problem.errors ?? [];
  }
}

/** Reads a refused response. A body that is no problem (a proxy's page, say) still gives one. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  const fields = isRecord(body) ? body : {};
  const title = text(fields.title) ?? `The server responded with status ${response.status}`;
  return new ApiProblem({
    status: response.status,
    code: text(fields.code) ?? `http.${response.status}`,
    title,
    // better-auth answers { code, message } instead of a problem.
    detail: text(fields.detail) ?? text(fields.message),
    errors: Array.isArray(fields.errors) ? fields.errors.filter(isFieldProblem) : [],
  });
}

/** No answer at all: the server is down, or the network between. */
export function unreachable(): ApiProblem {
  return new ApiProblem({
    status: 0,
    code: "network",
    title: "Can't reach Sendwright",
    detail: "The server didn't respond. Check that it's running and that you're online, then try again.",
  });
}

export interface SortedProblems<Field extends string> {
  /** What is wrong with each field of the form; several faults of one field are joined. */
  readonly fields: Partial<Record<Field, string>>;
  /** Faults of anything the form does not show. */
  readonly rest: readonly string[];
}

/** Sorts a problem's errors to the fields of a form. A pointer below a field counts as that field. */
export function sortProblems<Field extends string>(
  errors: readonly FieldProblem[],
  known: readonly Field[],
): SortedProblems<Field> {
  const fields: Partial<Record<Field, string>> = {};
  const rest: string[] = [];
  for (const { pointer, detail } of errors) {
    const name = firstToken(pointer);
    const field = known.find((candidate) => candidate === name);
    if (field === undefined) rest.push(name === "" ? detail : `${name}: ${detail}`);
    else fields[field] = fields[field] === undefined ? worded(detail) : `${fields[field]}; ${detail}`;
  }
  return { fields, rest };
}

/** What a refusal says of the field at a JSON Pointer, or of anything below it. */
export function faultAt(error: Error | null, pointer: string): string | undefined {
  const errors = error instanceof ApiProblem ? error.errors : [];
  const own = errors.filter((each) => each.pointer === pointer || each.pointer.startsWith(`${pointer}/`));
  return own.length === 0 ? undefined : worded(own.map(({ detail }) => detail).join("; "));
}

/** A fault begins with a capital beside its field, and what was entered must not get one. */
function worded(detail: string): string {
  return /^["“]/.test(detail) ? `the value ${detail}` : detail;
}

/** Whether a refusal is about these fields and no other. */
export function areUnder(error: Error | null, fields: readonly string[]): boolean {
  const errors = error instanceof ApiProblem ? error.errors : [];
  return errors.length > 0 && errors.every(({ pointer }) => fields.includes(firstToken(pointer)));
}

/** The first reference token, unescaped as RFC 6901 §4 says: `~1` before `~0`. */
function firstToken(pointer: string): string {
  return (pointer.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return isRecord(value) && typeof value.pointer === "string" && typeof value.detail === "string";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
