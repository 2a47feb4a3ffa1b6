import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { UserContext } from './user-context.js';

/** One request, or one piece of background work. It is entered by one user at most, and never handed to another. */
interface Visit {
  user: UserContext | null;
}

/** Who it is for, everywhere below a request, without being passed along. */
@Injectable()
export class UserContextService {
  readonly #visits = new AsyncLocalStorage<Visit>();

  /** Runs `fn`, and all that it starts, for `user`: for background work, which must say whose it is. */
  run<T>(user: UserContext, fn: () => T): T {
    return this.#visits.run({ user }, fn);
  }

  /** Runs `fn` for nobody yet: what a request begins as. */
  runUnknown<T>(fn: () => T): T {
    return this.#visits.run({ user: null }, fn);
  }

  /** Says who the request under way is for, once. @throws Error outside a request, and when it already belongs to someone. */
  enter(user: UserContext): void {
    const visit = this.#visits.getStore();
    if (!visit) throw new Error('There is no request to enter: import UserContextModule, or use run().');
    if (visit.user) throw new Error(`The request of user ${visit.user.userId} can't be entered by user ${user.userId}.`);
    visit.user = Object.freeze({ ...user });
  }

  /** The user. @throws Error when there is none: nothing personal may be done for nobody. */
  current(): UserContext {
    const user = this.find();
    if (!user) throw new Error('This is done for no user: the route is public, or background work has not said whose it is.');
    return user;
  }

  /** The user, or null on public routes and in background work. */
  find(): UserContext | null {
    return this.#visits.getStore()?.user ?? null;
  }
}
