import { UriTemplate } from '@modelcontextprotocol/client'

/** The address of a template with these values; undefined if it cannot be filled in. */
export function expandTemplate(uriTemplate: string, values: Record<string, string>): string | undefined {
  try {
    return new UriTemplate(uriTemplate).expand(values)
  } catch {
    // The SDK refuses values that are too long.
    return undefined
  }
}
