/** What to change, for every fault that the doctor reports. */
const FIXES: Record<string, string> = {
  bad_address: 'Enter the full address of the MCP endpoint, such as https://tools.example.com/mcp.',
  denied: 'Use a public address, put the server into MCP_SERVERS_FILE, or set MCP_ALLOW_PRIVATE=on.',
  dns: 'Check the spelling of the host, and that this machine’s resolver knows it. In a container, localhost is the container itself: use the service’s name.',
  refused:
    'Nothing listens at this port, or a firewall rejects the connection. Start the server, and let it listen on an address that this machine reaches (0.0.0.0 in a container, not 127.0.0.1).',
  connect_timeout:
    'The server, or something in front of it, accepts connections but does not answer. Check whether it hangs, and whether a firewall drops packets.',
  tls: 'The certificate is not one that this machine trusts for this host. Use one from a public authority, or add your own authority with NODE_EXTRA_CA_CERTS.',
  plain_http: 'Use https unless the whole network path is your own. Over http, tokens are sent in the clear.',
  slash: 'Enter the address exactly as the server has it, with or without the final slash.',
  redirect:
    'Enter the address that the server redirects to. Redirects to another host are never followed, because that host would receive the credentials.',
  not_found: 'There is no MCP endpoint at this path. Many servers have it at /mcp, older ones at /sse.',
  old_transport: 'This server speaks the older HTTP+SSE transport. Choose it for this server.',
  wrong_method: 'This path does not accept POST, so it is not an MCP endpoint. Many servers have it at /mcp.',
  wrong_type:
    'The response is a web page, not MCP. It may be a sign-in page of a proxy, or the address of the website instead of the endpoint.',
  protocol_error:
    'The response is not MCP. Look at the server’s log, and check whether a proxy in front of it changes or buffers bodies.',
  server_error: 'The server itself failed. Look at its log.',
  overloaded: 'The server’s rate limit is reached. Try again later, or have the limit raised.',
  too_large: 'The server, or a proxy in front of it, refuses a request of this size. Raise that limit, or send less.',
  input_required: 'The tool asks for input during a call, which only a person in the chat can give.',
  endless_list: 'Correct the cursors of tools/list: its last page must not have a nextCursor.',
  unknown_revision:
    'Have the server answer with a revision that both sides support, such as 2025-06-18. MCP names its revisions by date. A server that does not support the requested one must offer one that it supports.',
  bad_tools: 'Correct the definitions that are named. Only these tools are left out; the others work.',
  unauthorised:
    'The server requires authentication. Choose one under Authentication: each person’s own account, a signed token, or a header with a key.',
  forbidden:
    'The server recognized the credentials and refused. Check the rights of that account, and whether the server allows this host (some check Origin and Host).',
  no_auth_metadata:
    'A server that requires a sign-in must say where (RFC 9728). Ask its operator to serve /.well-known/oauth-protected-resource, or choose a key or a header instead.',
  bad_auth_metadata:
    'The server names an authorization server that has no metadata (RFC 8414) or does not support PKCE. Accounts cannot be connected without both.',
  no_registration:
    'The authorization server does not register clients automatically. Register Switchboard there by hand and enter the client id.',
  foreign_issuer:
    'If your client was moved there, enter this authorization server as the issuer of the client. If you did not expect this, somebody may be collecting client secrets: disable the server and ask its operator.',
  no_issuer:
    'Enter the issuer of the client, which is the address of the authorization server that it was registered at. Until then the first one that the server named counts.',
  session_lost:
    'The server loses its sessions between requests. Behind a load balancer, it needs sticky sessions or must run stateless.',
  no_tools: 'The server offers no tools. Check whether its tools depend on the account.',
  hard_timeout:
    'The tool takes longer than the doctor waits. Check whether it hangs. If it is only slow, let it report progress, or raise its timeouts on the Policies page.',
  outcome_unknown: 'The server failed during the call, which may have taken effect. Look at its log.',
  tool_error: 'The tool itself reported a failure. Read its message.',
  bad_arguments: 'The tool does not accept these arguments. Compare them with its schema.',
  transport_lost:
    'The connection broke during a response. Look for a crash in the server’s log and for idle timeouts of proxies.',
}

/** The advice for a fault. */
export function findFix(fault: string): string {
  return FIXES[fault] ?? 'Look in the server’s log at the time of this check.'
}
