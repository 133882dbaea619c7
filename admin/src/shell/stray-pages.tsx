import { Button } from "@mantine/core";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { ApiProblem } from "../api/problem.ts";
import { ProblemNotice } from "../parts/notice.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { strings } from "../strings.ts";

export function NotFound() {
  const t = strings.notFound;
  return (
    <Page title={t.title}>
      <Empty title={t.body}>
        <Link to="/">{t.home}</Link>
      </Empty>
    </Page>
  );
}

/** A page that failed to load or to draw. */
export function Crashed({ error, reset }: ErrorComponentProps) {
  const t = strings.crashed;
  if (error instanceof ApiProblem) {
    return (
      <Page title={error.title}>
        <ProblemNotice
          error={error}
          actions={
            <Button variant="default" size="xs" onClick={reset}>
              {strings.tryAgain}
            </Button>
          }
        />
      </Page>
    );
  }
  return (
    <Page title={t.title}>
      <Empty title={t.body}>
        <Button onClick={() => location.reload()}>{t.reload}</Button>
      </Empty>
    </Page>
  );
}
