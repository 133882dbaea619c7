import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ApiProblem } from "../../api/problem.ts";
import type { TemplateTest } from "../../api/types.ts";
import { Notice, ProblemNotice } from "../../parts/notice.tsx";
import { type PreviewBody, testTemplate } from "../api.ts";
import * as t from "./strings.ts";

export interface TestEmail {
  readonly isPending: boolean;
  readonly sent: TemplateTest | undefined;
  readonly error: Error | null;
  send(): void;
}

/** Sends what is being written to whoever is signed in. */
export function useTestEmail(name: string, body: PreviewBody | null): TestEmail {
  const {
    isPending,
    data: sent,
    error,
    mutate,
  } = useMutation({
    mutationFn: (json: PreviewBody) => testTemplate(name, json),
  });
  return { isPending, sent, error, send: () => body !== null && mutate(body) };
}

export function TestNotice({ test: { sent, error } }: { test: TestEmail }) {
  if (error instanceof ApiProblem) return <ProblemNotice error={error} />;
  if (sent === undefined) return null;
  return (
    <Notice tone="good" title={t.testSent(sent.to)}>
      {t.testWhat}{" "}
      <Link to="/emails/$id" params={{ id: sent.id }}>
        {t.testOpen}
      </Link>
    </Notice>
  );
}
