import { describe, expect, it } from "vitest";
import { cpuMs } from "../../../test/support/cpu-time.ts";
import { isSendwrightError, type SendwrightError } from "../../core/errors.ts";
import { type OutputMode, parseLiquid } from "./liquid.ts";

const data = { name: "Jo", items: [1, 2, 3], entry: { a: 1 }, big: "x".repeat(150_000) };

function render(source: string, mode: OutputMode = "html", values: Record<string, unknown> = data): string {
  return parseLiquid(source, mode, "html").render({ data: values, globals: { locale: "en" } });
}

function failure(source: string, mode: OutputMode = "html"): SendwrightError {
  try {
    render(source, mode);
  } catch (error) {
    if (isSendwrightError(error)) return error;
    throw error;
  }
  throw new Error(`nothing was thrown by ${source.slice(0, 80)}`);
}

describe("escaping", () => {
  const value = `<b title="x" class='y'>&amp;</b>`;

  it("escapes every output of HTML, for text and for attributes of either quote", () => {
    expect(render("{{ value }}", "html", { value })).toBe(
      "&lt;b title=&#34;x&#34; class=&#39;y&#39;&gt;&amp;amp;&lt;/b&gt;",
    );
  });

  it("escapes what filters and captures made", () => {
    expect(render('{{ name | append: "<i>" }}')).toBe("Jo&lt;i&gt;");
    expect(render("{% capture x %}{{ v }}{% endcapture %}{{ x }}", "html", { v: "<" })).toBe("&amp;lt;");
  });

  it("leaves plain text as it is", () => {
    expect(render("{{ value }}", "text", { value })).toBe(value);
  });

  it.each(["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\u0000b", "a\u2028b", "a\u0085b"])(
    "refuses %j in a subject",
    (value) => {
      expect(() => render("Hello {{ value }}", "line", { value })).toThrow(
        expect.objectContaining({
          code: "input.invalid",
          issues: [expect.objectContaining({ pointer: "/data" })],
        }),
      );
    },
  );

  it("refuses to print a list or an object", () => {
    expect(failure("{{ items }}").message).toMatch(/prints a list or an object/);
    expect(failure("{{ entry }}").message).toMatch(/prints a list or an object/);
  });
});

describe("missing values", () => {
  it("names the missing variable as a field of the data", () => {
    const error = failure("{{ entry.b.c }}");
    expect(error.code).toBe("input.invalid");
    expect(error.issues).toEqual([{ pointer: "/data/entry/b", detail: "is required by the template" }]);
  });

  it("lets a condition and a default ask for what may be missing", () => {
    expect(render('{% if nope %}a{% else %}b{% endif %}{{ nope | default: "c" }}')).toBe("bc");
  });
});

describe("a hostile template", () => {
  it.each([
    "{% raw %}{{ name }}{% endraw %}",
    "{{ name | raw }}",
    "{% include 'a' %}",
    "{% render '/etc/passwd' %}",
    "{% layout 'a' %}",
    "{% block a %}{% endblock %}",
    "{% echo name %}",
    "{% liquid echo name %}",
    "{% cycle name, 'b' %}",
    "{% tablerow i in items %}{% endtablerow %}",
    "{% increment name %}",
    "{% for i in items %}{% break %}{% endfor %}",
    "{{ items | where_exp: 'i', 'i' }}",
    "{{ name | nope }}",
    "{% for i in items %}",
    "{{ name",
  ])("cannot be parsed: %s", (source) => {
    const error = failure(source);
    expect(error.code).toBe("template.invalid");
    expect(error.message).toMatch(/^The html of the template failed at line 1, column \d+: /);
  });

  it.each([
    "constructor",
    "__proto__",
    "toString",
    "name.constructor",
    "items.constructor.constructor",
    "entry.__proto__",
    "entry.hasOwnProperty",
    "entry['__proto__']",
  ])("does not see the prototype through %s", (path) => {
    expect(failure(`{{ ${path} }}`).code).toBe("input.invalid");
  });

  it.each([
    ["a range past all bounds", "{% for i in (1..1000000000) %}x{% endfor %}"],
    ["loops in loops", "{% for i in (1..400) %}{% for j in (1..400) %}{{ i }}{% endfor %}{% endfor %}"],
    ["an empty loop", "{% for i in (1..190000) %}{% for j in items %}{% endfor %}{% endfor %}"],
    [
      "doubling by append",
      "{% assign s = big %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}",
    ],
    [
      "doubling by capture",
      "{% assign s = big %}{% for i in (1..60) %}{% capture s %}{{ s }}{{ s }}{% endcapture %}{% endfor %}",
    ],
    [
      "doubling a list",
      "{% assign s = items %}{% for i in (1..60) %}{% assign s = s | concat: s %}{% endfor %}",
    ],
    ["joining by a long text", "{{ big | split: '' | join: big }}"],
    ["long outputs", "{% for i in (1..1000) %}{{ big }}{% endfor %}"],
    ["unclosed branches", "{% if name %}".repeat(10_000)],
    ["deep brackets", `{{ ${"[".repeat(100_000)} }}`],
    ["a source past the limit", "x".repeat(200_000)],
  ])("ends soon and clearly: %s", (_, source) => {
    const took = cpuMs(() => expect(failure(source).code).toBe("template.invalid"));
    // Generous against a slow machine; it takes at most 60 ms.
    expect(took).toBeLessThan(1000);
  });
});
