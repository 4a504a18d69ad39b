/** For tests of anything but policies: whom a target lists may open it, and do everything there. */
export const ALLOW_LISTED = `permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
`;
