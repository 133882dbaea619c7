import { z } from "zod";
import type { SmtpConfigs } from "../smtp-configs/smtp-configs.ts";
import type { Store } from "../store/store.ts";
import { readSetting, writeSetting } from "../store/tables/settings.ts";
import type { AccountEmails } from "./account-emails.ts";
import type { Account, Visitor } from "./accounts.ts";
import type { BackgroundTasks } from "./background-tasks.ts";
import { deviceName } from "./device.ts";

export interface SignInAlertDependencies {
  readonly store: Store;
  readonly configs: SmtpConfigs;
  readonly emails: AccountEmails;
  readonly backgroundTasks: BackgroundTasks;
  /** The base of the link to the account; null: the email has none. */
  readonly linkBase: () => string | null;
}

const devices = z.array(z.string());
const unknownDevice = "unknown";

/** Notifies admins by email of sign-ins from devices that they have not used before. */
export class SignInAlert {
  readonly #dependencies: SignInAlertDependencies;

  constructor(dependencies: SignInAlertDependencies) {
    this.#dependencies = dependencies;
  }

  /** Never delays or fails the sign-in. The first device of an admin is no news. */
  signedIn(account: Account, visitor: Visitor): void {
    const { configs, emails, backgroundTasks, linkBase } = this.#dependencies;
    backgroundTasks.begin("new sign-in email failed", async () => {
      if (!(await this.#isNew(account.id, deviceName(visitor.userAgent) ?? unknownDevice))) return;
      const canSend = (await configs.list()).some(
        ({ settings, problem }) => settings.enabled && problem === null,
      );
      const base = linkBase();
      const url = base === null ? null : `${base.replace(/\/$/, "")}/account`;
      if (canSend) await emails.newSignIn(account, url, visitor);
    });
  }

  /** Sessions end, and what they tell of devices with them: devices are stored apart. */
  async #isNew(userId: string, device: string): Promise<boolean> {
    const key = `devices:${userId}`;
    return this.#dependencies.store.transaction(async (db) => {
      const known = devices.default([]).parse(await readSetting(db, key));
      if (known.includes(device)) return false;
      await writeSetting(db, key, [...known, device]);
      return known.length > 0;
    });
  }
}
