import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Icon } from "../parts/icon.tsx";
import { strings } from "../strings.ts";
import { signOut } from "./session.ts";

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
      {strings.shell.signOut}
    </button>
  );
}
