import {
  Button,
  Checkbox,
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  InputWrapper,
  type MantineColorsTuple,
  Modal,
  Switch,
} from "@mantine/core";

const ink: MantineColorsTuple = [
  "#edf2fa",
  "#d9e2f1",
  "#b0c3e2",
  "#84a2d3",
  "#5f86c6",
  "#3f68ad",
  "#234e96",
  "#1f3a68",
  "#17263f",
  "#0f1a2e",
];

/** What Mantine takes for its primary colour where a component has no variant of its own. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    "--mantine-primary-color-filled": "var(--sw-action)",
    "--mantine-primary-color-filled-hover": "var(--sw-action-hover)",
    "--mantine-primary-color-contrast": "var(--sw-on-action)",
  },
  light: {},
  dark: {},
});

/** Mantine dressed in our own tokens (tokens.css): components ask for a role, never for a colour. */
export const theme = createTheme({
  colors: { ink },
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 4 },
  defaultRadius: "sm",
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "12px", xl: "20px" },
  fontFamily: 'ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", Menlo, monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  respectReducedMotion: true,
  cursorType: "pointer",
  variantColorResolver(input) {
    const primary = input.color === undefined || input.color === "ink";
    if (input.variant === "filled" && primary) {
      return {
        background: "var(--sw-action)",
        hover: "var(--sw-action-hover)",
        color: "var(--sw-on-action)",
        border: "1px solid transparent",
      };
    }
    if (input.variant === "filled" && input.color === "bad") {
      return {
        background: "var(--sw-bad)",
        hover: "color-mix(in srgb, var(--sw-bad) 88%, black)",
        color: "var(--sw-surface)",
        border: "1px solid transparent",
      };
    }
    if (input.variant === "default") {
      return {
        background: "var(--sw-surface)",
        hover: "var(--sw-sunken)",
        color: input.color === "bad" ? "var(--sw-bad)" : "var(--sw-text)",
        border: "1px solid var(--sw-line-strong)",
      };
    }
    if (input.variant === "subtle") {
      return {
        background: "transparent",
        hover: "var(--sw-sunken)",
        color: input.color === "bad" ? "var(--sw-bad)" : "var(--sw-link)",
        border: "1px solid transparent",
      };
    }
    return defaultVariantColorsResolver(input);
  },
  components: {
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    InputWrapper: InputWrapper.extend({
      defaultProps: { inputWrapperOrder: ["label", "input", "error", "description"] },
    }),
    Modal: Modal.extend({
      defaultProps: { centered: true, transitionProps: { duration: 120 }, overlayProps: { opacity: 0.5 } },
    }),
    Checkbox: Checkbox.extend({ defaultProps: { size: "sm" } }),
    Switch: Switch.extend({ defaultProps: { size: "sm", withThumbIndicator: false } }),
  },
});
