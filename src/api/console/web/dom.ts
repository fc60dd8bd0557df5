import { h as create, type Attributes, type ComponentChild, type ComponentChildren, type JSX } from 'preact';

/** preact's `h`, with each element held to its own attributes. */
export function h<Tag extends keyof JSX.IntrinsicElements>(
  type: Tag,
  props?: (JSX.IntrinsicElements[Tag] & Readonly<Record<`data-${string}`, string>>) | null,
  children?: ComponentChildren,
): ComponentChild;
export function h<Props extends object>(
  type: (props: Props) => ComponentChild,
  props: (Props & Attributes) | null,
): ComponentChild;
export function h(
  type: string | ((props: Record<string, unknown>) => ComponentChild),
  props: Record<string, unknown> | null = null,
  children?: ComponentChildren,
): ComponentChild {
  // A third argument, even undefined, would outrank the children among the properties.
  return children === undefined ? create(type, props) : create(type, props, children);
}
