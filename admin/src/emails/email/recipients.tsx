import type { Email } from "../../api/types.ts";
import { Badge } from "../../parts/badge.tsx";
import styles from "../emails.module.css";
import { appearances, capturedAppearance } from "../states.ts";
import * as page from "../strings.ts";
import { replyWords } from "./reply.ts";
import * as t from "./strings.ts";

/** Each address with its own outcome and what the relay said about it. */
export function Recipients({ recipients, captured }: Pick<Email, "recipients" | "captured">) {
  return (
    <ul className={styles.recipients}>
      {recipients.map((recipient) => {
        const isCaptured = captured && recipient.state === "sent";
        const { tone, icon } = isCaptured ? capturedAppearance : appearances[recipient.state];
        const reply = replyWords(recipient);
        return (
          <li key={`${recipient.role} ${recipient.address}`} className={styles.recipient}>
            <span className={styles.address}>
              <span className={styles.role}>{t.roles[recipient.role]}</span>
              {recipient.address}
            </span>
            <Badge tone={tone} icon={icon}>
              {isCaptured ? page.captured : t.recipientStates[recipient.state]}
            </Badge>
            {reply !== null && <span className={styles.reply}>{reply}</span>}
          </li>
        );
      })}
    </ul>
  );
}
