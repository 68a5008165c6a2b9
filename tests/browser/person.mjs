// What a person does on the pages of the provider.

export const PASSWORD = "correct horse battery staple";
export const ALLOW = 'button[name="decision"][value="allow"]';
export const DENY = 'button[name="decision"][value="deny"]';
export const SUBMIT = 'form:has(input[name="password"]) button:not([type="button"])';

export async function signIn(page, email, password = PASSWORD) {
  await page.locator('input[name="email"]').fill(email);
  await page.locator('input[name="password"]').fill(password);
  await page.locator(SUBMIT).click();
}
