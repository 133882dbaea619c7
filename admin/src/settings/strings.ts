export const save = "Save";
export const saved = "Saved";
export const unsaved = "Unsaved changes";
export const discard = "Discard changes";
export const conflict = "Someone else saved these settings while you were editing.";
export const loadCurrent = "Load current values";
