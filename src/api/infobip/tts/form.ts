/**
 * The body of `/tts/3/single` as a form (infobip-api.md 3.2): the fields that it has, `voice.gender` and `voice.name`
 * dotted. Where a field comes twice, the first counts.
 *
 *     from=442032864231&to=41793026727&text=Test%20Voice%20message&voice.gender=female&voice.name=Joanna
 */
export function parseSingleForm(body: string): Record<string, unknown> {
  const form = new URLSearchParams(body);
  const fields = pick(form, ['from', 'to', 'text', 'audioFileUrl', 'language']);
  const voice = {
    ...(form.has('voice.name') && { name: form.get('voice.name') }),
    ...(form.has('voice.gender') && { gender: form.get('voice.gender') }),
  };
  return Object.keys(voice).length > 0 ? { ...fields, voice } : fields;
}

function pick(form: URLSearchParams, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter(name => form.has(name)).map(name => [name, form.get(name)]));
}
