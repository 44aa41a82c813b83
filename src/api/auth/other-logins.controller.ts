import { Controller, Get } from '@nestjs/common';
import { CannotAuthenticate, CannotAuthorize } from '../../errors/index.js';
import { Public } from '../wire/index.js';

/**
 * The ways to log in that Rucio has and this service has not. Clients are told so by the class that
 * they expect, and what to do instead; the words fit into the header, where some of them look.
 */
@Public()
@Controller('auth')
export class OtherLoginsController {
  /** `x509/webui` is what the web interface asks. */
  @Get(['x509', 'x509_proxy', 'x509/webui'])
  certificate(): never {
    throw instead('a certificate (x509)');
  }

  @Get('gss')
  kerberos(): never {
    throw instead('Kerberos (gss)');
  }

  @Get(['ssh', 'ssh_challenge_token'])
  ssh(): never {
    throw instead('SSH key (ssh)');
  }

  @Get('saml')
  saml(): never {
    throw instead('SAML (saml)');
  }

  @Get(['oidc', 'oidc_code', 'oidc_redirect'])
  oidc(): never {
    throw instead('OpenID Connect (oidc)');
  }

  /** No token of ours can be refreshed: the client logs in again. */
  @Get('oidc_refresh')
  refresh(): never {
    throw new CannotAuthorize('There are no OpenID Connect tokens here to refresh: log in again');
  }
}

const instead = (way: string): CannotAuthenticate =>
  new CannotAuthenticate(
    `No login by ${way} here: use auth_type = userpass, with user name and password`,
  );
