import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { EmailSummary } from "../../api/types.ts";
import { OverallAlerts } from "../../monitoring/config-alerts.tsx";
import { Icon } from "../../parts/icon.tsx";
import { ProblemNotice } from "../../parts/notice.tsx";
import { Card, Empty, Page, SkeletonRows } from "../../parts/page.tsx";
import { Pager } from "../../parts/pager.tsx";
import { SendExample } from "../../parts/send-example.tsx";
import table from "../../parts/table.module.css";
import { Time } from "../../parts/time.tsx";
import * as shared from "../../strings.ts";
import { emailsQuery, exportUrl } from "../api.ts";
import styles from "../emails.module.css";
import { type EmailSearch, filterOf } from "../search.ts";
import { StateBadge } from "../state-badge.tsx";
import { emailStates, isRetryable } from "../states.ts";
import * as page from "../strings.ts";
import { Filters } from "./filters.tsx";
import { RetryAll } from "./retry-all.tsx";
import * as t from "./strings.ts";

const route = getRouteApi("/shell/emails");
const stateChoices = [
  { value: "", label: t.anyState },
  ...emailStates.map((state) => ({ value: state, label: page.states[state] })),
];

/** The log: what was handed over, with its state, as it moves. */
export function EmailListPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const emails = useQuery(emailsQuery(search));
  const { state, after, ...others } = search;
  const isFiltered = Object.keys(filterOf(search)).length > 0;
  const isEmpty = emails.data === undefined || emails.data.items.length === 0;

  return (
    <Page
      title={page.title}
      lead={t.lead}
      actions={
        <>
          {isRetryable(state) && <RetryAll search={{ ...others, state }} isEmpty={isEmpty} />}
          {!isEmpty && <ExportButton search={search} />}
        </>
      }
    >
      <OverallAlerts />
      <div className={styles.tools}>
        <SearchField
          q={search.q ?? ""}
          onSearch={(q) =>
            void navigate({
              search: { ...search, q: q === "" ? undefined : q, after: undefined },
              replace: true,
            })
          }
        />
        <NativeSelect
          aria-label={t.filter}
          data={stateChoices}
          value={search.state ?? ""}
          onChange={({ currentTarget: { value } }) =>
            void navigate({
              search: { ...search, state: emailStates.find((state) => state === value), after: undefined },
            })
          }
        />
        <Filters
          values={others}
          onChange={(change) =>
            void navigate({ search: (now) => ({ ...now, ...change, after: undefined }), replace: true })
          }
        />
        {after === undefined && emails.isSuccess && <span className={styles.live}>{t.live}</span>}
      </div>
      {emails.error !== null && emails.data === undefined && <ProblemNotice error={emails.error} />}
      {emails.isPending && (
        <Card>
          <SkeletonRows rows={8} />
        </Card>
      )}
      {emails.data !== undefined && (
        <>
          <Card>
            {emails.data.items.length > 0 ? (
              <EmailTable emails={emails.data.items} />
            ) : isFiltered || after !== undefined ? (
              <Empty title={t.nothingFound}>
                <p>{t.nothingFoundBody}</p>
                <Link to="/emails">{t.clearFilter}</Link>
              </Empty>
            ) : (
              <Empty title={shared.noEmailTitle}>
                <p>{shared.noEmail}</p>
                <SendExample />
                <Link to="/api-keys">{shared.makeKey}</Link>
              </Empty>
            )}
          </Card>
          <Pager label={t.pages} to="/emails" search={search} after={after} next={emails.data.next} />
        </>
      )}
    </Page>
  );
}

function ExportButton({ search }: { search: EmailSearch }) {
  return (
    <Button
      renderRoot={(props) => <a href={exportUrl(search)} download {...props} />}
      variant="default"
      leftSection={<Icon name="archive" size={16} />}
    >
      {t.exportButton}
    </Button>
  );
}

function SearchField({ q, onSearch }: { q: string; onSearch: (q: string) => void }) {
  const [text, setText] = useState(q);
  const search = useDebouncedCallback(onSearch, 250);
  const input = useRef<HTMLInputElement>(null);
  // "Show all" and the back button change the address; text that is being typed stays.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(q);
  }, [q]);
  return (
    <TextInput
      ref={input}
      className={styles.search}
      type="search"
      aria-label={t.search}
      placeholder={t.search}
      leftSection={<Icon name="search" size={16} />}
      value={text}
      onChange={({ currentTarget: { value } }) => {
        setText(value);
        search(value.trim());
      }}
    />
  );
}

function EmailTable({ emails }: { emails: readonly EmailSummary[] }) {
  return (
    <table className={`${table.table} ${table.links}`}>
      <thead>
        <tr>
          <th scope="col">{t.columnState}</th>
          <th scope="col">{t.columnSubject}</th>
          <th scope="col">{t.columnTo}</th>
          <th scope="col" className={table.end}>
            {t.columnCreated}
          </th>
        </tr>
      </thead>
      <tbody>
        {emails.map((email) => (
          <tr key={email.id}>
            <td>
              <StateBadge state={email.state} captured={email.captured} />
            </td>
            <td className={styles.subjectCell}>
              <Link className={styles.subject} to="/emails/$id" params={{ id: email.id }}>
                {email.subject === "" ? shared.noSubject : email.subject}
              </Link>
              {email.template !== null && <span className={styles.extra}>{email.template}</span>}
            </td>
            <td className={table.soft}>
              <Recipients recipients={email.recipients} />
            </td>
            <td className={`${table.soft} ${table.nowrap} ${table.end}`}>
              <Time iso={email.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Recipients({ recipients }: Pick<EmailSummary, "recipients">) {
  const [first, ...others] = recipients;
  return (
    <>
      {first?.address}
      {others.length > 0 && <span className={styles.extra}>{t.more(others.length)}</span>}
    </>
  );
}
