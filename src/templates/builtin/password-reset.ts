import { z } from "zod";
import { webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { name, productName, requestFields, validMinutes } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { factsMjml, factsText, greetingMjml, greetingText, requestFacts } from "./parts.ts";

const schema = z.strictObject({
  name,
  url: webLink().describe("Page that sets a new password, with its token"),
  validMinutes: validMinutes(43_200),
  ...requestFields,
  productName,
});

interface Words {
  readonly subject: string;
  readonly heading: string;
  readonly preheader: string;
  readonly request: string;
  readonly button: string;
  readonly validity: string;
  readonly ignore: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject: "Reset your {% if product %}{{ product }} {% endif %}password",
    heading: "Reset your password",
    preheader: "Use the link in this email to choose a new password.",
    request:
      "Someone requested a password reset for your {% if product %}{{ product }} {% endif %}account. If this was you, choose a new password:",
    button: "Choose a new password",
    validity: "The link expires in {{ validMinutes | minutes }}.",
    ignore:
      "You can ignore this email. Your password won’t change. Don’t share the link. Anyone who has it can get into your account.",
  },
  de: {
    subject: "Ihr Passwort{% if product %} für {{ product }}{% endif %} zurücksetzen",
    heading: "Passwort zurücksetzen",
    preheader: "Wählen Sie mit dem Link in dieser E-Mail ein neues Passwort.",
    request:
      "Für Ihr Konto{% if product %} bei {{ product }}{% endif %} wurde das Zurücksetzen des Passworts angefordert. Wenn Sie das waren, wählen Sie hier ein neues Passwort:",
    button: "Neues Passwort wählen",
    validity: "Der Link ist {{ validMinutes | minutes }} gültig.",
    ignore:
      "Dann können Sie diese E-Mail ignorieren. Ihr Passwort bleibt unverändert. Geben Sie den Link nicht weiter: Wer ihn hat, kann auf Ihr Konto zugreifen.",
  },
  fr: {
    subject: "Réinitialisez votre mot de passe{% if product %} {{ product }}{% endif %}",
    heading: "Réinitialisez votre mot de passe",
    preheader: "Choisissez un nouveau mot de passe à l’aide du lien contenu dans cet e-mail.",
    request:
      "Quelqu’un a demandé la réinitialisation du mot de passe de votre compte{% if product %} {{ product }}{% endif %}. Si c’était vous, choisissez un nouveau mot de passe\u202f:",
    button: "Choisir un nouveau mot de passe",
    validity: "Ce lien est valable pendant {{ validMinutes | minutes }}.",
    ignore:
      "Vous pouvez ignorer cet e-mail. Votre mot de passe reste inchangé. Ne partagez pas ce lien\u202f: toute personne qui le possède peut accéder à votre compte.",
  },
  es: {
    subject: "Restablezca su contraseña{% if product %} de {{ product }}{% endif %}",
    heading: "Restablezca su contraseña",
    preheader: "Elija una contraseña nueva con el enlace de este correo.",
    request:
      "Alguien ha solicitado restablecer la contraseña de su cuenta{% if product %} de {{ product }}{% endif %}. Si ha sido usted, elija una nueva aquí:",
    button: "Elegir una contraseña nueva",
    validity: "El enlace es válido durante {{ validMinutes | minutes }}.",
    ignore:
      "Puede ignorar este correo. Su contraseña no cambiará. No comparta el enlace: quien lo tenga podrá acceder a su cuenta.",
  },
  ja: {
    subject: "{% if product %}{{ product }}の{% endif %}パスワードの再設定",
    heading: "パスワードの再設定",
    preheader: "このメールのリンクから新しいパスワードを設定してください。",
    request:
      "{% if product %}{{ product }}の{% endif %}アカウントについて、パスワード再設定のリクエストを受け付けました。お心当たりがある場合は、こちらから新しいパスワードを設定してください。",
    button: "新しいパスワードを設定する",
    validity: "リンクの有効期限は{{ validMinutes | minutes }}です。",
    ignore:
      "このメールは無視していただいて構いません。パスワードは変更されません。リンクを知っている人は誰でもアカウントにアクセスできるため、他の人には教えないでください。",
  },
};

/** A link to choose a new password. `{ url }` is enough. */
export const passwordReset = {
  name: "password-reset",
  description: "A link to choose a new password",
  sensitive: true,
  expiresAfterMs: 60 * 60 * 1000,
  schema,
  example: {
    name: "Jo",
    url: "https://app.example.com/reset?token=4f1c9a52e07b4d7c8b6d",
    validMinutes: 60,
    device: "Firefox (Linux)",
    place: "Lyon, France",
    time: "2026-03-01T09:30:00+01:00",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => ({
    subject: word.subject,
    preheader: `${word.preheader}{% if validMinutes %}${common.sentenceGap}${word.validity}{% endif %}`,
    mjml: `<mj-text><h1>${word.heading}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${word.request}</mj-text>
<mj-button href="{{ url }}">${word.button}</mj-button>
{% if validMinutes %}
<mj-text>${word.validity}</mj-text>
{% endif %}
<mj-text mj-class="quiet">
  ${common.copyLink}<br />
  <a class="break" href="{{ url }}">{{ url }}</a>
</mj-text>
<mj-divider />
{% if time or device or place %}
<mj-text padding="0 0 8px"><h2>${common.aboutRequest}</h2></mj-text>
${factsMjml(requestFacts(common))}
{% endif %}
<mj-text padding="0 0 8px"><h2>${common.notRequested}</h2></mj-text>
<mj-text mj-class="quiet">${word.ignore}</mj-text>`,
    text: `${word.heading}

${greetingText(common)}${word.request}

{{ url }}

{% if validMinutes %}${word.validity}

{% endif %}{% if time or device or place %}${common.aboutRequest}
${factsText(requestFacts(common), common)}
{% endif %}${common.notRequested}
${word.ignore}`,
  })),
} satisfies Template;
