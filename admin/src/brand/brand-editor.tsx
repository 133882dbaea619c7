import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useEffect, useRef, useState } from "react";
import { api } from "../api/client.ts";
import { ApiProblem } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { Icon } from "../parts/icon.tsx";
import { ProblemNotice } from "../parts/notice.tsx";
import { Card } from "../parts/page.tsx";
import { UnsavedGuard } from "../parts/unsaved-guard.tsx";
import { settingsQuery } from "../retention/api.ts";
import { strings } from "../strings.ts";
import { templatesQuery } from "../templates/api.ts";
import { PreviewCard } from "../templates/preview-card.tsx";
import { useLivePreview } from "../templates/use-live-preview.ts";
import { useSaveKey } from "../templates/use-save-key.ts";
import styles from "./brand.module.css";
import { type Brand, type BrandForm, brandOf, formOf, sameBrand, textFields } from "./brand.ts";

const t = strings.brand;
const maxLinks = 6;
const usualColor = "#2456d6";
const firstShown = "password-reset";

async function saveBrand(settings: Settings, brand: Brand): Promise<Settings> {
  const { contentRetentionDays, emailRetentionDays } = settings;
  const json = { contentRetentionDays, emailRetentionDays, brand };
  return (await api.settings.$put({ json })).json();
}

/** The brand as a form, and beside it an email that has it. */
export function BrandEditor({ settings }: { settings: Settings }) {
  const queries = useQueryClient();
  const [edited, edit] = useState<BrandForm | null>(null);
  const [shownWith, showWith] = useState(firstShown);
  const form = useRef<HTMLFormElement>(null);
  const { data: templates = [] } = useQuery(templatesQuery);
  const saving = useMutation({
    mutationFn: (brand: Brand) => saveBrand(settings, brand),
    onSuccess: async (saved) => {
      queries.setQueryData(settingsQuery.queryKey, saved);
      edit(null);
      await queries.invalidateQueries({ queryKey: ["templates", "preview"] });
    },
  });
  const typed = edited ?? formOf(settings.brand);
  const brand = brandOf(typed);
  const isDirty = !sameBrand(brand, settings.brand);
  const preview = useLivePreview(shownWith, { brand });
  const faults = faultsByPointer(saving.error ?? preview.error);
  const isPlaced = [...faults.keys()].every((pointer) => pointer.startsWith("/brand/")) && faults.size > 0;

  useSaveKey(() => isDirty && saving.mutate(brand));
  useEffect(() => {
    if (saving.isError) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [saving.isError]);

  function change(change: Partial<BrandForm>) {
    edit({ ...typed, ...change });
    saving.reset();
  }

  function changeLink(index: number, change: Partial<BrandForm["footerLinks"][number]>) {
    changeLinks(typed.footerLinks.map((link, at) => (at === index ? { ...link, ...change } : link)));
  }

  function changeLinks(footerLinks: BrandForm["footerLinks"]) {
    change({ footerLinks });
  }

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    saving.mutate(brand);
  }

  return (
    <div className={styles.layout}>
      <Card>
        <form ref={form} onSubmit={submit} noValidate>
          <div className={styles.fields}>
            {saving.error !== null && !isPlaced && <ProblemNotice error={saving.error} />}
            {textFields.map((field) => (
              <TextInput
                key={field}
                label={t.fields[field]}
                description={t.hints[field]}
                value={typed[field]}
                onChange={(event) => change({ [field]: event.currentTarget.value })}
                error={faults.get(`/brand/${field}`)}
                autoComplete="off"
                spellCheck={false}
                {...(field === "color"
                  ? {
                      className: styles.color,
                      placeholder: usualColor,
                      rightSection: (
                        <input
                          type="color"
                          className={styles.swatch}
                          aria-label={t.pick}
                          value={/^#[0-9a-f]{6}$/i.test(typed.color) ? typed.color : usualColor}
                          onChange={(event) => change({ color: event.currentTarget.value })}
                        />
                      ),
                    }
                  : {})}
              />
            ))}
            <fieldset className={styles.links}>
              <legend>{t.fields.footerLinks}</legend>
              {typed.footerLinks.map((link, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a link has no name of its own while it is typed
                <div key={index} className={styles.link}>
                  <TextInput
                    aria-label={`${t.link(index + 1)}: ${t.linkLabel}`}
                    placeholder={t.linkLabel}
                    value={link.label}
                    onChange={(event) => changeLink(index, { label: event.currentTarget.value })}
                    error={faults.get(`/brand/footerLinks/${index}/label`)}
                    autoComplete="off"
                  />
                  <TextInput
                    aria-label={`${t.link(index + 1)}: ${t.linkUrl}`}
                    placeholder="https://"
                    value={link.url}
                    onChange={(event) => changeLink(index, { url: event.currentTarget.value })}
                    error={faults.get(`/brand/footerLinks/${index}/url`)}
                    autoComplete="off"
                    spellCheck={false}
                  />
                  <Button
                    variant="subtle"
                    color="bad"
                    px={8}
                    aria-label={t.removeLink(link.label)}
                    onClick={() => changeLinks(typed.footerLinks.filter((_, at) => at !== index))}
                  >
                    <Icon name="trash" size={16} />
                  </Button>
                </div>
              ))}
              {typed.footerLinks.length < maxLinks && (
                <Button
                  className={styles.add}
                  variant="subtle"
                  size="compact-sm"
                  leftSection={<Icon name="plus" size={14} />}
                  onClick={() => changeLinks([...typed.footerLinks, { label: "", url: "" }])}
                >
                  {t.addLink}
                </Button>
              )}
            </fieldset>
          </div>
          <div className={styles.actions}>
            <Button type="submit" loading={saving.isPending}>
              {t.save}
            </Button>
            <span
              className={styles.state}
              role="status"
              data-good={saving.isSuccess && !isDirty ? "" : undefined}
            >
              {isDirty ? (
                <>
                  {t.unsaved}{" "}
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    onClick={() => {
                      edit(null);
                      saving.reset();
                    }}
                  >
                    {t.discard}
                  </Button>
                </>
              ) : (
                saving.isSuccess && t.saved
              )}
            </span>
          </div>
        </form>
      </Card>
      <PreviewCard
        preview={preview}
        aside={
          <NativeSelect
            size="xs"
            aria-label={t.tryWith}
            data={templates.length === 0 ? [firstShown] : templates.map(({ name }) => name)}
            value={shownWith}
            onChange={(event) => showWith(event.currentTarget.value)}
          />
        }
      />
      <UnsavedGuard isDirty={isDirty} />
    </div>
  );
}

function faultsByPointer(error: Error | null): Map<string, string> {
  const errors = error instanceof ApiProblem ? error.errors : [];
  return new Map(errors.map(({ pointer, detail }) => [pointer, detail]));
}
