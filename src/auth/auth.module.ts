import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CatalogModule } from '../catalog/catalog.module.js';
import { Config } from '../config/config.js';
import { DbConnectionModule } from '../db-connection/db-connection.module.js';
import { OrchestratorPoolModule } from '../orchestrator-pool/orchestrator-pool.module.js';
import { UserContextModule } from '../user-context/user-context.module.js';
import { AccessGuard } from './access.guard.js';
import { AliasesController } from './aliases.controller.js';
import { ApiKeysController } from './api-keys.controller.js';
import { AuthGuard } from './auth.guard.js';
import { AuthenticationService } from './authentication.service.js';
import { IdentityFlipsController } from './identity-flips.controller.js';
import { IssuerKeys } from './issuer-keys.js';
import { NamedIdentity } from './named-identity.service.js';
import { TokenVerifier } from './token-verifier.js';
import { UsersController } from './users.controller.js';

/** Guards every route of the application that is not `@Public()`. */
@Module({
  imports: [CatalogModule, UserContextModule, DbConnectionModule, OrchestratorPoolModule],
  controllers: [ApiKeysController, UsersController, AliasesController, IdentityFlipsController],
  providers: [
    AuthenticationService,
    TokenVerifier,
    NamedIdentity,
    { provide: IssuerKeys, inject: [Config], useFactory: ({ oidc }: Config) => (oidc ? new IssuerKeys(oidc.issuer) : null) },
    // In this order: who it is, then what they may do.
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [AuthenticationService],
})
export class AuthModule {}
