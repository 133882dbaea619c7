import { useQuery } from "@tanstack/react-query";
import { serverUrl } from "../api/base-path.ts";
import type { SandboxEmail } from "../api/types.ts";
import { EmailPreview } from "../parts/email-preview.tsx";
import { formatBytes } from "../parts/format.ts";
import { ProblemNotice } from "../parts/notice.tsx";
import { SkeletonRows } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import * as shared from "../strings.ts";
import { caughtEmailQuery } from "./api.ts";
import styles from "./sandbox.module.css";
import * as t from "./strings.ts";

export function CaughtEmail({ id }: { id: string }) {
  const { data: email, error } = useQuery(caughtEmailQuery(id));
  if (email === undefined) return error === null ? <SkeletonRows /> : <ProblemNotice error={error} />;
  return (
    <>
      <Head email={email} />
      <EmailPreview
        key={id}
        html={email.html}
        text={email.text}
        headers={email.headers}
        aside={
          <a href={serverUrl(`api/sandbox/emails/${id}/source`)} target="_blank" rel="noreferrer">
            {t.source}
          </a>
        }
      />
    </>
  );
}

function Head({ email }: { email: SandboxEmail }) {
  const { attachments } = email;
  return (
    <div className={styles.head}>
      <h2>{email.subject === "" ? shared.noSubject : email.subject}</h2>
      <dl className={styles.facts}>
        <dt>{t.from}</dt>
        <dd>{email.from === "" ? t.nobody : email.from}</dd>
        <dt>{t.to}</dt>
        <dd>{email.to.join(", ")}</dd>
        <dt>{t.received}</dt>
        <dd>
          <Time iso={email.receivedAt} /> · {formatBytes(email.sizeBytes)}
        </dd>
        {attachments.length > 0 && (
          <>
            <dt>{t.attachments}</dt>
            <dd>
              {attachments
                .map(({ filename, contentType, sizeBytes }) => {
                  return `${filename ?? t.unnamed} (${contentType}, ${formatBytes(sizeBytes)})`;
                })
                .join(", ")}
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}
