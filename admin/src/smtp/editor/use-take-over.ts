import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { configsQuery, providersQuery } from "../api.ts";
import { formOf, type SmtpForm } from "../form/form.ts";
import { providerOf } from "../providers/provider.ts";

/** Whether a new config takes over from the sandbox; null if there is nothing to take over. */
export interface TakeOver {
  readonly isChosen: boolean;
  choose(isChosen: boolean): void;
}

/** The first config with a server of its own may turn off those that send to the sandbox. */
export function useTakeOver(form: SmtpForm, isNew: boolean): TakeOver | null {
  const [isChosen, choose] = useState(true);
  const { data: configs = [] } = useQuery(configsQuery);
  const { data: providers = [] } = useQuery(providersQuery);
  const isSandbox = (each: SmtpForm) => providerOf(providers, each)?.id === "sandbox";
  const inUse = configs.filter(({ enabled }) => enabled).map(formOf);
  const isOffered = isNew && form.enabled && !isSandbox(form) && inUse.length > 0 && inUse.every(isSandbox);
  return isOffered ? { isChosen, choose } : null;
}
