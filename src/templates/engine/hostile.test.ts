import { describe, expect, it } from "vitest";
import { z } from "zod";
import { builtinLayout } from "../builtin/layout.ts";
import { renderTemplate } from "./render.ts";
import type { Layout, Partials, Template, TemplateSource } from "./template.ts";

/**
 * What has been published against template engines (Liquid, Handlebars, Jinja, Twig, MJML), and what
 * the data of a caller may hide. Each must end in an error of its own, soon, and leave nothing behind.
 */
function render(
  source: Partial<TemplateSource>,
  options: { data?: unknown; layout?: Layout; partials?: Partials } = {},
) {
  const template: Template = {
    name: "hostile",
    description: "",
    sensitive: false,
    expiresAfterMs: null,
    schema: z.looseObject({}),
    example: {},
    sources: { en: { subject: "s", mjml: "<mj-text>t</mj-text>", text: "t", ...source } },
  };
  const data = {
    name: "Jo",
    items: [1, 2, 3],
    big: "x".repeat(100_000),
    html: "<b>",
    url: "https://a.example/",
  };
  return renderTemplate(template, { data, ...options });
}

/** Compiling and WebAssembly are warm, as they are in a server. */
render({});

function expectSoon(work: () => unknown, error: unknown): void {
  const start = process.cpuUsage();
  expect(work).toThrow(error as Error);
  const { user, system } = process.cpuUsage(start);
  // Generous against a busy machine; alone it takes less than 100 ms.
  expect((user + system) / 1000).toBeLessThan(1000);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(render({ subject: "{{ name }}" }).subject).toBe("Jo");
}

const refused = expect.objectContaining({
  code: expect.stringMatching(/^(template|input)\.invalid$/),
  message: expect.stringMatching(/./),
});

describe("a hostile template", () => {
  const anywhere = [
    "{{ __proto__ }}",
    "{{ constructor }}",
    "{{ this.constructor.constructor('return process')() }}",
    "{{ name.constructor.constructor }}",
    "{{ items.constructor }}",
    '{{ items["constructor"]["constructor"] }}',
    "{{ items.__proto__.polluted }}",
    "{% assign __proto__ = items %}{{ __proto__.polluted }}{{ polluted }}",
    "{% assign items.__proto__.polluted = 1 %}{{ polluted }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ config.items() }}",
    "{{ _self.env.registerUndefinedFilterCallback('exec') }}",
    "{{#with 'constructor' as |c|}}{{/with}}",
    '{{ lookup . "constructor" }}',
    "{{ globals }}{{ process.env }}{{ require }}",
    "{{ '7' | eval }}",
    "{{ name | raw }}",
    "{% raw %}{{ name }}{% endraw %}",
    "{% liquid\n echo name %}",
    "{% include '/etc/passwd' %}",
    "{% render '../../package.json' %}",
    "{% render name %}",
    "{% layout 'x' %}",
    "{% for i in (1..100000000) %}x{% endfor %}",
    "{% for i in (1..9999) %}{% for j in (1..9999) %}{% for k in (1..9999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% assign s = 'x' %}{% for i in (1..64) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
    "{% assign s = 'xy' %}{% for i in (1..64) %}{% assign s = s | split: '' | join: s %}{% endfor %}{{ s }}",
    "{% assign s = '#' %}{% for i in (1..64) %}{% assign s = 1 | plural: other: s | append: s %}{% endfor %}{{ s }}",
    "{% for i in (1..5000) %}{{ big }}{% endfor %}",
    "{{ 9e999 | times: 9e999 | number }}",
    "{{ 1 | divided_by: 0 | number }}",
    "{{ big | split: '' | sort | map: 'x' | where: 'x' }}",
    "{{ big | split: '' | list }}",
    "{{ name | plural: other: 'x' }}",
    `{{ ${"(".repeat(50_000)} }}`,
    `{{ name ${"| upcase ".repeat(12_000)}| nope }}`,
    "{% if name %}".repeat(9_000),
    "{{".repeat(60_000),
    "{%".repeat(60_000),
  ].map((liquid) => [liquid.slice(0, 60), liquid] as const);

  it.each(anywhere)("is refused in the MJML: %s", (_, liquid) => {
    expectSoon(() => render({ mjml: `<mj-text>${liquid}</mj-text>` }), refused);
  });

  it.each(anywhere)("is refused in the text: %s", (_, liquid) => {
    expectSoon(() => render({ text: liquid }), refused);
  });

  it.each(anywhere)("is refused in the subject: %s", (_, liquid) => {
    expectSoon(() => render({ subject: liquid }), refused);
  });

  const unsafeMjml: readonly (readonly [mjml: string, message: RegExp])[] = [
    ['<mj-include path="/etc/passwd" />', /line 1, column 1: includes are not supported/],
    ['<mj-include path="https://evil.example/x.mjml" />', /includes/],
    ["<mj-raw><script>alert(1)</script></mj-raw>", /line 1, column 9.*<script> isn't allowed/],
    ["<mj-raw>\n  <SCRIPT src=x></SCRIPT></mj-raw>", /line 2, column 3/],
    ["<mj-text><iframe src='https://a.example'></iframe></mj-text>", /<iframe>/],
    ["<mj-text><object data='https://a.example'></object></mj-text>", /<object>/],
    ["<mj-text><embed src='https://a.example' /></mj-text>", /<embed>/],
    ["<mj-text><form action='https://a.example'></form></mj-text>", /<form>/],
    ["<mj-text><form action='javascript:alert(1)'></form></mj-text>", /<form>/],
    ["<mj-text><button formaction='javascript:alert(1)'>x</button></mj-text>", /a link must start with/],
    [
      "<mj-raw><meta http-equiv='refresh' content='0;url=https://evil.example' /></mj-raw>",
      /automatic redirects/,
    ],
    ["<mj-raw><meta http-equiv='&#114;efresh' content='0' /></mj-raw>", /automatic redirects/],
    ["<mj-raw><meta http-equiv=refresh content='0' /></mj-raw>", /must be in quotes/],
    ["<mj-raw><base href='https://evil.example/' /></mj-raw>", /<base>/],
    ["<mj-text><svg><animate attributeName='href' values='javascript:alert(1)' /></svg></mj-text>", /<svg>/],
    ["<mj-text><math href='javascript:alert(1)'>x</math></mj-text>", /<math>/],
    ["<mj-text><img src='https://a.example/x.png' onerror='alert(1)' /></mj-text>", /attribute onerror/],
    ["<mj-text ONCLICK='alert(1)'>x</mj-text>", /attribute onclick/],
    [`<mj-text css-class='x" onclick="alert(1)'>x</mj-text>`, /attribute onclick/],
    ["<mj-button href='javascript:alert(1)'>x</mj-button>", /a link must start with/],
    ["<mj-button href=' JaVaScRiPt:alert(1)'>x</mj-button>", /a link must start with/],
    ["<mj-button href='&#106;avascript:alert(1)'>x</mj-button>", /a link must start with/],
    ["<mj-image src='data:text/html,x' />", /a link must start with/],
    ["<mj-text><a href='//evil.example'>x</a></mj-text>", /a link must start with/],
    ["<mj-text><a href=\"java{{ 'script:' }}\">x</a></mj-text>", /a link must start with/],
    ["<mj-text><a href='{{ html }}'>x</a></mj-text>", /a link must be an absolute/],
    ["<mj-text><a href={{ url }}>x</a></mj-text>", /quoted attributes only/],
    ["<mj-text><a {{ html }}>x</a></mj-text>", /quoted attributes only/],
    ["<mj-text><{{ name }}>x</mj-text>", /quoted attributes only/],
    ["<mj-text><!-- {{ html }} --></mj-text>", /quoted attributes only/],
    ['<mj-text><a title="{% if name %}">{% endif %}</a></mj-text>', /each branch must start and end/],
    ["<mj-text><p style='width:expression(alert(1))'>x</p></mj-text>", /code isn't allowed in CSS/],
    ["<mj-text><p style='background:url(javascript:alert(1))'>x</p></mj-text>", /code isn't allowed in CSS/],
    ["<mj-text><p style='background:url(\"ftp://x\")'>x</p></mj-text>", /CSS can only load/],
    ["<mj-text><p style='color:{{ url }}'>x</p></mj-text>", /in CSS/],
    ["<mj-raw><style>a { behavior: url(x.htc) }</style></mj-raw>", /code isn't allowed in CSS/],
    ["<mj-raw><!--><script>alert(1)</script>--></mj-raw>", /script/],
    ["<mj-raw><!-- --!><script>alert(1)</script>--></mj-raw>", /script/],
    ["<mj-raw><!--[if mso]><p title='--><script>'>x</p><![endif]--></mj-raw>", /must not contain < or -->/],
    [
      "<mj-raw><noscript><p title='</noscript><script>'>x</p></noscript></mj-raw>",
      /must not contain < or -->/,
    ],
    ["<mj-raw><title><a title='</title><script>'></a></title></mj-raw>", /./],
    ["<mj-text><![CDATA[<script>alert(1)</script>]]></mj-text>", /./],
    ["<mj-text>&lol;</mj-text><!DOCTYPE lolz [<!ENTITY lol 'lol'>]>", /./],
    [
      "<mj-html-attributes><mj-selector path='.a'></mj-selector></mj-html-attributes>",
      /element <mj-html-attributes> not found/,
    ],
    ["<mj-text>a</mj-txt>", /element <mj-txt> not found/],
    [
      "<mj-text>\n<p>a</p>\n</mj-button>",
      /line 3, column 1: <\/mj-button> stands where the <mj-text> of line 1, column 1/,
    ],
    ["Hello", /line 1, column 1: text and HTML must be inside an element such as <mj-text>/],
    ["<mj-text>a</mj-text>\n{{ name }}", /line 2, column 1: text and HTML/],
    ["<p>Hello</p>", /line 1, column 1: text and HTML/],
    ["</mj-text>", /closes nothing/],
    ["<mj-text>a", /<mj-text> is never closed/],
    [`<mj-text>${"<div>".repeat(5000)}${"</div>".repeat(5000)}</mj-text>`, /nested more than 100 deep/],
    ["<mj-text></mj-text>".repeat(6000), /./],
    ["x".repeat(10_000_000), /10000000 characters; the limit is 131072/],
    [`${" ".repeat(130_000)}<`, /./],
    ["<".repeat(130_000), /./],
    ["<!--".repeat(30_000), /./],
    ["<mj".repeat(40_000), /./],
    [`<style>${"<".repeat(120_000)}</style>`, /./],
    [`<mj-text><p style="url(${" ".repeat(120_000)}x)">a</p></mj-text>`, /CSS can only load/],
    [`<mj-text><!--${"a ".repeat(60_000)}</mj-text>`, /./],
  ];

  it.each(unsafeMjml.map(([mjml, message]) => [mjml.slice(0, 60), mjml, message] as const))(
    "cannot be saved as MJML: %s",
    (_, mjml, message) => {
      expectSoon(
        () => render({ mjml }),
        expect.objectContaining({ message: expect.stringMatching(message) }),
      );
    },
  );

  it("may not hide a handler in the attributes of the head", () => {
    const head = (attributes: string) =>
      `<mjml><mj-head><mj-attributes>${attributes}</mj-attributes></mj-head><mj-body><mj-section><mj-column><mj-button mj-class="x">b</mj-button></mj-column></mj-section></mj-body></mjml>`;
    expectSoon(() => render({ mjml: head('<mj-all onclick="alert(1)" />') }), /attribute onclick/);
    expectSoon(
      () => render({ mjml: head('<mj-class name="x" href="javascript:1" />') }),
      /a link must start/,
    );
    expectSoon(
      () =>
        render({
          mjml: head("</mj-attributes><mj-style>a { b: url(javascript:1) }</mj-style><mj-attributes>"),
        }),
      /code isn't allowed in CSS/,
    );
  });

  it("is refused as a layout as well, with the layout's own lines", () => {
    const layout = (mjml: string): Layout => ({ ...builtinLayout, mjml });
    const around = (content: string) =>
      `<mjml><mj-body><mj-section><mj-column>\n${content}</mj-column></mj-section></mj-body></mjml>`;
    expectSoon(
      () => render({}, { layout: layout(around("<mj-text><script></script></mj-text>{{ content }}")) }),
      /The layout of the template is unsafe at line 2, column 10/,
    );
    expectSoon(() => render({}, { layout: layout(around("")) }), /\{\{ content \}\} exactly once/);
    expectSoon(() => render({}, { layout: layout(around("{{ content }}{{ content }}")) }), /exactly once/);
    expectSoon(
      () => render({}, { layout: layout(around('<mj-button href="{{ content }}">b</mj-button>')) }),
      /./,
    );
    expectSoon(() => render({}, { layout: layout(around("<mj-raw><!-- {{ content }} --></mj-raw>")) }), /./);
  });
});

describe("hostile data", () => {
  const circle: Record<string, unknown> = {};
  circle.circle = circle;
  const deep = Array.from({ length: 5000 }).reduce((inner) => ({ inner }), {});
  let touched = false;
  const touch = () => {
    touched = true;
    return "touched";
  };
  const proxy = (target: object) =>
    new Proxy(target, {
      get: touch,
      has: () => touch() === "",
      getPrototypeOf: () => ({ touched: touch() }),
      ownKeys: () => [touch()],
      getOwnPropertyDescriptor: () => ({ value: touch(), configurable: true }),
    });

  it.each<[string, unknown]>([
    ["a circle", circle],
    ["depth", deep],
    ["__proto__", { name: JSON.parse('{"__proto__":{"polluted":true}}') }],
    ["a getter", Object.defineProperty({}, "name", { get: touch, enumerable: true })],
    ["toString", { name: { toString: touch } }],
    ["toJSON", { name: { toJSON: touch } }],
    ["toLiquid", { name: { toLiquid: touch } }],
    ["valueOf", { name: { valueOf: touch } }],
    ["a proxy", proxy({})],
    ["a proxy inside", { name: proxy({}) }],
    ["a proxy of a list", { name: proxy([]) }],
    ["an iterable", { name: { [Symbol.iterator]: touch, *x() {} } }],
    ["a symbol", { name: Symbol("x") }],
    ["a BigInt", { name: 1n }],
    ["a function", { name: touch }],
    ["a promise", { name: Promise.resolve("x") }],
    ["a Date", { name: new Date(0) }],
    ["a Map", { name: new Map([["a", 1]]) }],
    ["a Set", { name: new Set([1]) }],
    ["a regular expression", { name: /(a+)+$/ }],
    ["bytes", { name: new Uint8Array(10) }],
    ["a class", { name: new (class Name {})() }],
    ["NaN", { name: Number.NaN }],
    ["half a surrogate pair", { name: "\ud800" }],
    ["a huge list", { name: Array.from({ length: 1_000_000 }, () => 1) }],
    ["a sparse list", { name: new Array(4_000_000_000) }],
    ["a huge text", { name: "x".repeat(10_000_000) }],
    ["a list in its place", [1, 2]],
    ["nothing", null],
  ])("is refused without being run: %s", (_, data) => {
    expectSoon(
      () => render({ subject: "{{ name }}" }, { data }),
      expect.objectContaining({ code: "input.invalid" }),
    );
    expect(touched).toBe(false);
  });

  it("cannot leave its place in the HTML", () => {
    const values = [
      `"><script>alert(1)</script>`,
      `' onerror='alert(1)`,
      "</title><script>",
      "--><script>",
      "{{ url }}{% raw %}",
      "\u0000<b>",
    ];
    const mjml = `<mj-text css-class="{{ value }}"><a title='{{ value }}' href="https://a.example/?q={{ value }}">{{ value }}</a></mj-text>`;
    for (const value of values) {
      const { html } = render({ mjml, subject: "s" }, { data: { value } });
      expect(html).not.toMatch(/<script|onerror='|<b>|href="https:\/\/a\.example\/\?q=[^"]*">[^<]*<script/);
      expect(html).not.toContain(value.slice(0, 3) === "{{ " ? "https://a.example/{%" : `"${value}"`);
    }
  });

  it.each([
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    "\tjavascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:x",
    "//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "https://bank.example@evil.example/",
    "https://user:secret@evil.example/",
    "https://a.example/\u0000",
    "https://a.example/ x",
    "ftp://a.example/",
    "file:///etc/passwd",
    "blob:https://a.example/x",
  ])("cannot make a link of %j", (url) => {
    const mjml = `<mj-button href="{{ url }}">b</mj-button>`;
    expectSoon(() => render({ mjml }, { data: { url } }), /must be an absolute https:, http: or mailto: URL/);
  });
});

describe("hostile partials", () => {
  const call = (name: string) => `<mj-text>{% render "${name}" %}</mj-text>`;
  const tower = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => [
      `p${n}`,
      { mjml: `${`{% render "p${n + 1}" %}`.repeat(n < 5 ? 2 : 0)}x` },
    ]),
  );
  const wide = { a: { mjml: '{% render "b" %}'.repeat(5_000) }, b: { mjml: "x".repeat(1000) } };

  it.each<[string, string, Partials, RegExp]>([
    ["one that is not stored", "x", {}, /Partial "x" not found. No partial is saved/],
    ["one that is not stored", "x", { y: { mjml: "" } }, /Partial "x" not found. Use one of: y/],
    ["one named like a prototype's", "constructor", {}, /Partial "constructor" not found/],
    ["one that calls itself", "a", { a: { mjml: call("a") } }, /calls itself: a → a/],
    ["a circle", "a", { a: { mjml: call("b") }, b: { mjml: call("a") } }, /calls itself: a → b → a/],
    ["a tower", "p0", tower, /5 levels deep/],
    ["many", "a", wide, /more than 262144 characters/],
    ["a script", "a", { a: { mjml: "<script>1</script>" } }, /<script>/],
    ["an open tag", "a", { a: { mjml: '<a href="' } }, /./],
    ["an open comment", "a", { a: { mjml: "<!-- " } }, /./],
    ["an open branch", "a", { a: { mjml: "{% if name %}" } }, /./],
    ["a link out of data", "a", { a: { mjml: '<a href="{{ html }}">x</a>' } }, /must be an absolute/],
    ["a loop", "a", { a: { mjml: "{% for i in (1..1000000) %}x{% endfor %}" } }, /memory|takes longer/],
  ])("are refused: %s", (_, name, partials, message) => {
    expectSoon(() => render({ mjml: call(name) }, { partials }), message);
  });

  it("are refused where they stand in a place of another kind", () => {
    const partials = { a: { mjml: "<b>x</b>{{ html }}" } };
    expectSoon(
      () => render({ mjml: '<mj-text><a title="{% render "a" %}">x</a></mj-text>' }, { partials }),
      /./,
    );
    expectSoon(() => render({ mjml: "<mj-text><!-- {% render 'a' %} --></mj-text>" }, { partials }), /./);
    expectSoon(() => render({ mjml: "<mj-raw><style>{% render 'a' %}</style></mj-raw>" }, { partials }), /./);
    expectSoon(() => render({ mjml: "<mj-text><p {% render 'a' %}>x</p></mj-text>" }, { partials }), /./);
    expectSoon(() => render({ subject: "{% render 'a' %}" }, { partials }), /call a partial in MJML or text/);
    expectSoon(
      () => render({ preheader: "{% render 'a' %}" }, { partials }),
      /call a partial in MJML or text/,
    );
  });
});
