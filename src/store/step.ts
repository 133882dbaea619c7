import type { CompiledQuery, QueryResult } from "kysely";

/** A part of a transaction: its queries, and what their results mean. */
export interface Step<Result> {
  readonly queries: readonly CompiledQuery[];
  readonly read: (results: readonly QueryResult<unknown>[]) => Result;
}

/** The results of steps, in their order. */
export type StepResults<Steps extends readonly Step<unknown>[]> = {
  readonly [Index in keyof Steps]: Steps[Index] extends Step<infer Result> ? Result : never;
};

/** Queries whose results say nothing. */
export function write(...queries: readonly CompiledQuery[]): Step<void> {
  return { queries, read() {} };
}

/** Runs the queries of all steps by one call, and gives each step its own results. */
export async function runSteps<const Steps extends readonly Step<unknown>[]>(
  steps: Steps,
  run: (queries: readonly CompiledQuery[]) => Promise<readonly QueryResult<unknown>[]>,
): Promise<StepResults<Steps>> {
  const results = await run(steps.flatMap(({ queries }) => queries));
  let start = 0;
  return steps.map(({ queries, read }) => {
    const own = results.slice(start, start + queries.length);
    start += queries.length;
    return read(own);
  }) as unknown as StepResults<Steps>;
}
