import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Icon } from "../parts/icon.tsx";
import { signOut } from "./session.ts";
import * as t from "./strings.ts";

export function SignOutButton({ className }: { className?: string | undefined }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leaving = useMutation({
    mutationFn: () => signOut(queries),
    onSuccess: () => navigate({ to: "/sign-in" }),
  });
  return (
    <button type="button" className={className} disabled={leaving.isPending} onClick={() => leaving.mutate()}>
      <Icon name="signOut" />
      {t.signOut}
    </button>
  );
}
