import { PasswordInput as MantinePasswordInput, type PasswordInputProps } from "@mantine/core";

/** Says of itself that it is wrong, as Mantine's other inputs do: for screen readers, and to be found. */
export function PasswordInput(props: PasswordInputProps) {
  const isWrong = props.error !== undefined && props.error !== null && props.error !== false;
  return <MantinePasswordInput aria-invalid={isWrong} {...props} />;
}
