export const save = "Save";
export const saved = "Saved";
export const unsaved = "Unsaved changes";
export const discard = "Discard changes";
export const conflict = "Somebody else saved these settings while you were editing.";
export const loadCurrent = "Load the current values";
