import { useState } from "react";
import { type ApiProblem, sortProblems } from "../../api/problem.ts";
import { type FormField, formFields } from "../form/form.ts";

/** What was refused, sorted to where the page shows it. */
interface Faults {
  readonly fields: Partial<Record<FormField, string>>;
  /** What belongs to no field. */
  readonly other: ApiProblem | Error | null;
}

const none: Faults = { fields: {}, other: null };

/** What is wrong with the form, until it is mended. */
export function useFaults() {
  const [faults, setFaults] = useState(none);
  const [refusals, setRefusals] = useState(0);

  function show(found: Faults) {
    setFaults(found);
    setRefusals((count) => count + 1);
  }

  return {
    faults,
    /** How often faults were found; they go one by one as their fields are mended. */
    refusals,
    showAtPassword: (words: string) => show({ fields: { password: words }, other: null }),
    showOther: (error: Error) => show({ fields: {}, other: error }),
    showProblem(problem: ApiProblem) {
      const { fields, rest } = sortProblems(problem.errors, formFields);
      const isPlaced = Object.keys(fields).length > 0 && rest.length === 0;
      show({ fields, other: isPlaced ? null : problem });
    },
    clear: () => setFaults(none),
    /** What belongs to no field goes with any of them. */
    clearFields(fields: readonly FormField[]) {
      const left = Object.entries(faults.fields).filter(([field]) => !fields.includes(field as FormField));
      setFaults({ fields: Object.fromEntries(left), other: null });
    },
  };
}
