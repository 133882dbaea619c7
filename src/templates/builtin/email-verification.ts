import { z } from "zod";
import { line, webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { code, name, productName, validMinutes } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { greetingMjml, greetingText } from "./parts.ts";

const schema = z
  .strictObject({
    name,
    address: line(320).optional().describe("Email address to confirm"),
    url: webLink().optional().describe("Page that confirms the address, with its token"),
    code: code().optional(),
    validMinutes: validMinutes(43_200),
    productName,
  })
  .refine((data) => data.url !== undefined || data.code !== undefined, {
    path: ["url"],
    error: "is required if there is no code",
  });

interface Words {
  readonly subject: string;
  readonly heading: string;
  readonly preheader: string;
  readonly request: string;
  readonly button: string;
  readonly code: string;
  readonly orCode: string;
  /** How long they are valid. */
  readonly linkAndCode: string;
  readonly link: string;
  readonly onlyCode: string;
  readonly ignore: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject: "Confirm your email address{% if product %} for {{ product }}{% endif %}",
    heading: "Confirm your email address",
    preheader: "One more step and your address is confirmed.",
    request:
      "{% if product %}To use {% if address %}{{ address }}{% else %}this address{% endif %} with {{ product }}, confirm that it’s yours.{% else %}Confirm that {% if address %}{{ address }}{% else %}this address{% endif %} is yours.{% endif %}",
    button: "Confirm address",
    code: "Your code:",
    orCode: "Or enter this code:",
    linkAndCode: "The link and the code expire in {{ validMinutes | minutes }}.",
    link: "The link expires in {{ validMinutes | minutes }}.",
    onlyCode: "The code expires in {{ validMinutes | minutes }}.",
    ignore:
      "If you didn’t request this, someone may have entered your address by mistake. You can ignore this email.",
  },
  de: {
    subject: "Bestätigen Sie Ihre E-Mail-Adresse{% if product %} für {{ product }}{% endif %}",
    heading: "Bestätigen Sie Ihre E-Mail-Adresse",
    preheader: "Nur noch ein Schritt, dann ist Ihre Adresse bestätigt.",
    request:
      "Bitte bestätigen Sie, dass {% if address %}die Adresse {{ address }}{% else %}diese Adresse{% endif %} Ihnen gehört{% if product %}, damit Sie sie bei {{ product }} verwenden können{% endif %}.",
    button: "Adresse bestätigen",
    code: "Ihr Code:",
    orCode: "Oder geben Sie diesen Code ein:",
    linkAndCode: "Link und Code sind {{ validMinutes | minutes }} gültig.",
    link: "Der Link ist {{ validMinutes | minutes }} gültig.",
    onlyCode: "Der Code ist {{ validMinutes | minutes }} gültig.",
    ignore:
      "Falls Sie das nicht angefordert haben, hat sich vermutlich jemand vertippt. Sie können diese E-Mail ignorieren.",
  },
  fr: {
    subject: "Confirmez votre adresse e-mail{% if product %} pour {{ product }}{% endif %}",
    heading: "Confirmez votre adresse e-mail",
    preheader: "Plus qu’une étape pour confirmer votre adresse.",
    request:
      "Veuillez confirmer que {% if address %}l’adresse {{ address }}{% else %}cette adresse{% endif %} est bien la vôtre{% if product %} afin de pouvoir l’utiliser avec {{ product }}{% endif %}.",
    button: "Confirmer l’adresse",
    code: "Votre code\u202f:",
    orCode: "Ou saisissez ce code\u202f:",
    linkAndCode: "Le lien et le code sont valables pendant {{ validMinutes | minutes }}.",
    link: "Le lien est valable pendant {{ validMinutes | minutes }}.",
    onlyCode: "Le code est valable pendant {{ validMinutes | minutes }}.",
    ignore:
      "Si vous n’êtes pas à l’origine de cette demande, quelqu’un a sans doute saisi votre adresse par erreur. Vous pouvez ignorer cet e-mail.",
  },
  es: {
    subject: "Confirme su dirección de correo{% if product %} para {{ product }}{% endif %}",
    heading: "Confirme su dirección de correo",
    preheader: "Solo falta un paso para confirmar su dirección.",
    request:
      "{% if product %}Para usar {% if address %}la dirección {{ address }}{% else %}esta dirección{% endif %} con {{ product }}, confirme que es suya.{% else %}Confirme que {% if address %}la dirección {{ address }}{% else %}esta dirección{% endif %} es suya.{% endif %}",
    button: "Confirmar la dirección",
    code: "Su código:",
    orCode: "O introduzca este código:",
    linkAndCode: "El enlace y el código son válidos durante {{ validMinutes | minutes }}.",
    link: "El enlace es válido durante {{ validMinutes | minutes }}.",
    onlyCode: "El código es válido durante {{ validMinutes | minutes }}.",
    ignore:
      "Si no lo ha solicitado usted, es probable que alguien haya escrito su dirección por error. Puede ignorar este correo.",
  },
  ja: {
    subject: "{% if product %}{{ product }}：{% endif %}メールアドレスの確認",
    heading: "メールアドレスの確認",
    preheader: "あと一歩で確認が完了します。",
    request:
      "{% if address %}{{ address }}がお客様のメールアドレスである{% else %}このメールアドレスがお客様のものである{% endif %}ことを確認するため、次の手続きを完了してください。{% if product %}確認が完了すると、{{ product }}でご利用いただけます。{% endif %}",
    button: "メールアドレスを確認する",
    code: "確認コード：",
    orCode: "または、次のコードを入力してください。",
    linkAndCode: "リンクとコードの有効期限は{{ validMinutes | minutes }}です。",
    link: "リンクの有効期限は{{ validMinutes | minutes }}です。",
    onlyCode: "コードの有効期限は{{ validMinutes | minutes }}です。",
    ignore:
      "お心当たりがない場合は、どなたかがアドレスを誤って入力された可能性があります。このメールは無視していただいて構いません。",
  },
};

function validity({ linkAndCode, link, onlyCode }: Words): string {
  return `{% if url and code %}${linkAndCode}{% elsif url %}${link}{% else %}${onlyCode}{% endif %}`;
}

/** A link or a code (or both) that shows that an address is the reader's. */
export const emailVerification = {
  name: "email-verification",
  description: "A link or a code that confirms an email address",
  sensitive: true,
  expiresAfterMs: 60 * 60 * 1000,
  schema,
  example: {
    name: "Jo",
    address: "jo@example.com",
    url: "https://app.example.com/confirm?token=9b1d47c2f05e4a6d",
    code: "481902",
    validMinutes: 60,
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => ({
    subject: word.subject,
    preheader: word.preheader,
    mjml: `<mj-text><h1>${word.heading}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${word.request}</mj-text>
{% if url %}
<mj-button href="{{ url }}">${word.button}</mj-button>
{% endif %}
{% if code %}
<mj-text padding="0">{% if url %}${word.orCode}{% else %}${word.code}{% endif %}</mj-text>
<mj-text mj-class="code">{{ code }}</mj-text>
{% endif %}
{% if validMinutes %}
<mj-text>${validity(word)}</mj-text>
{% endif %}
{% if url %}
<mj-text mj-class="quiet">
  ${common.copyLink}<br />
  <a class="break" href="{{ url }}">{{ url }}</a>
</mj-text>
{% endif %}
<mj-divider />
<mj-text mj-class="quiet">${word.ignore}</mj-text>`,
    text: `${word.heading}

${greetingText(common)}${word.request}

{% if url %}{{ url }}

{% endif %}{% if code %}{% if url %}${word.orCode}{% else %}${word.code}{% endif %}

    {{ code }}

{% endif %}{% if validMinutes %}${validity(word)}

{% endif %}${word.ignore}`,
  })),
} satisfies Template;
