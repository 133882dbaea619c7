import { Button } from "@mantine/core";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { ApiProblem } from "../api/problem.ts";
import { ProblemNotice } from "../parts/notice.tsx";
import { Empty, Page } from "../parts/page.tsx";
import * as t from "./strings.ts";

export function NotFound() {
  return (
    <Page title={t.notFoundTitle}>
      <Empty title={t.notFoundBody}>
        <Link to="/">{t.notFoundHome}</Link>
      </Empty>
    </Page>
  );
}

/** A page that failed to load or to draw. */
export function Crashed({ error, reset }: ErrorComponentProps) {
  if (error instanceof ApiProblem) {
    return (
      <Page title={error.title}>
        <ProblemNotice
          error={error}
          actions={
            <Button variant="default" size="xs" onClick={reset}>
              {t.tryAgain}
            </Button>
          }
        />
      </Page>
    );
  }
  return (
    <Page title={t.crashedTitle}>
      <Empty title={t.crashedBody}>
        <Button onClick={() => location.reload()}>{t.crashedReload}</Button>
      </Empty>
    </Page>
  );
}
