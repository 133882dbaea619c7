import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProblem } from "./api/problem.ts";
import { whenSignedOut } from "./api/request.ts";
import { makeRouter } from "./routes.tsx";
import { sessionQuery } from "./session/session.ts";
import "./theme/mantine.ts";
import "./theme/tokens.css";
import "./theme/base.css";
import { cssVariables, theme } from "./theme/theme.ts";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays one; only a missing answer is worth asking for again.
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiProblem) || error.status === 0),
      staleTime: 5_000,
    },
  },
});

const router = makeRouter(queries);

whenSignedOut(() => {
  const wasSignedIn = queries.getQueryData(sessionQuery.queryKey) != null;
  if (!wasSignedIn) return;
  queries.setQueryData(sessionQuery.queryKey, null);
  void router.navigate({
    to: "/sign-in",
    search: { back: router.state.location.href, ended: true },
    // Unsaved changes cannot be saved without a session; the question would only stand in the way.
    ignoreBlocker: true,
  });
});

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");

createRoot(place).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
