import { z } from "zod";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";
import type { AccountEmails } from "./account-emails.ts";
import type { Account, Visitor } from "./accounts.ts";
import type { Afterwards } from "./background-tasks.ts";
import { deviceName } from "./device.ts";

/** Tells admins by email of sign-ins from devices that they have not used before. */
export interface SignInAlert {
  /** Never delays or fails the sign-in. The first device of an admin is no news. */
  signedIn(account: Account, visitor: Visitor): void;
}

export interface SignInAlertParts {
  readonly store: Store;
  readonly configs: SmtpConfigs;
  readonly emails: AccountEmails;
  readonly afterwards: Afterwards;
  /** The base of the link to the account; null: the email has none. */
  readonly linkBase: () => string | null;
}

const devices = z.array(z.string());
const unknownDevice = "unknown";

export function createSignInAlert(parts: SignInAlertParts): SignInAlert {
  const { store, configs, emails, afterwards, linkBase } = parts;

  /** Sessions end, and with them what they tell of devices: so these are kept apart. */
  async function isNew(userId: string, device: string): Promise<boolean> {
    const key = `devices:${userId}`;
    return store.transaction(async (db) => {
      const known = devices.default([]).parse(await readSetting(db, key));
      if (known.includes(device)) return false;
      await writeSetting(db, key, [...known, device]);
      return known.length > 0;
    });
  }

  return {
    signedIn(account, visitor) {
      afterwards.begin("an admin could not be told of a sign-in from a new device", async () => {
        if (!(await isNew(account.id, deviceName(visitor.userAgent) ?? unknownDevice))) return;
        const canSend = (await configs.list()).some(({ enabled, problem }) => enabled && problem === null);
        const base = linkBase();
        const url = base === null ? null : `${base.replace(/\/$/, "")}/account`;
        if (canSend) await emails.newSignIn(account, url, visitor);
      });
    },
  };
}
