import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { faultAt } from "../api/problem.ts";
import type { Settings } from "../api/types.ts";
import { Icon } from "../parts/icon.tsx";
import { SettingsForm } from "../settings/settings-form.tsx";
import { type SettingsFields, useSettingsForm } from "../settings/use-settings-form.ts";
import { templatesQuery } from "../templates/api.ts";
import { useSaveKey } from "../templates/editor/use-save-key.ts";
import { PreviewCard } from "../templates/preview/preview-card.tsx";
import { useLivePreview } from "../templates/preview/use-live-preview.ts";
import styles from "./brand.module.css";
import { type BrandForm, brandOf, formOf, textFields } from "./brand.ts";
import * as t from "./strings.ts";

const maxLinks = 6;
const usualColor = "#2456d6";
const firstShown = "password-reset";

const fields: SettingsFields<{ brand: BrandForm }> = { brand: { show: formOf, read: brandOf } };

/** The brand as a form, and beside it an email that has it. */
export function BrandEditor({ settings }: { settings: Settings }) {
  const queries = useQueryClient();
  const [shownWith, showWith] = useState(firstShown);
  const { data: templates = [] } = useQuery(templatesQuery);
  const form = useSettingsForm(settings, fields, () => {
    void queries.invalidateQueries({ queryKey: ["templates", "preview"] });
  });
  const typed = form.typedOf("brand");
  const preview = useLivePreview(shownWith, { brand: form.readOf("brand") });
  const fault = (pointer: string) => faultAt(form.error ?? preview.error, `/brand/${pointer}`);

  useSaveKey(() => form.isDirty && form.save());

  function change(change: Partial<BrandForm>) {
    form.edit({ brand: { ...typed, ...change } });
  }

  function changeLink(index: number, change: Partial<BrandForm["footerLinks"][number]>) {
    changeLinks(typed.footerLinks.map((link, at) => (at === index ? { ...link, ...change } : link)));
  }

  function changeLinks(footerLinks: BrandForm["footerLinks"]) {
    change({ footerLinks });
  }

  return (
    <div className={styles.layout}>
      <SettingsForm form={form}>
        {textFields.map((field) => (
          <TextInput
            key={field}
            label={t.fields[field]}
            description={t.hints[field]}
            value={typed[field]}
            onChange={(event) => change({ [field]: event.currentTarget.value })}
            error={fault(field)}
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
                error={fault(`footerLinks/${index}/label`)}
                autoComplete="off"
              />
              <TextInput
                aria-label={`${t.link(index + 1)}: ${t.linkUrl}`}
                placeholder="https://"
                value={link.url}
                onChange={(event) => changeLink(index, { url: event.currentTarget.value })}
                error={fault(`footerLinks/${index}/url`)}
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
      </SettingsForm>
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
    </div>
  );
}
