import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ApiProblem } from "@/shared/api/problem";
import { router } from "./router";

/** Refusals are answers; only a server that is out of reach or out of breath is asked again. */
function worthRetrying(failures: number, error: Error): boolean {
  const transient = !(error instanceof ApiProblem) || error.status === 0 || error.status >= 500;
  return transient && failures < 2;
}

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 15_000, retry: worthRetrying } },
});

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
