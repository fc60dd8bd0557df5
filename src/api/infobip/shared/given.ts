/** Forms and careless clients send an empty text for what they leave out. */
export function given(text: string | null | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}
