package dev.dunlin.console.security;

import static org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher.pathPattern;

import dev.dunlin.console.process.MqttEndpoints;
import dev.dunlin.database.DatabaseFault;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.security.authentication.InternalAuthenticationServiceException;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.LoginUrlAuthenticationEntryPoint;
import org.springframework.security.web.authentication.SavedRequestAwareAuthenticationSuccessHandler;
import org.springframework.security.web.authentication.UsernamePasswordAuthenticationFilter;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.security.web.savedrequest.HttpSessionRequestCache;
import org.springframework.security.web.session.HttpSessionEventPublisher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.web.bind.support.WebDataBinderFactory;
import org.springframework.web.context.request.NativeWebRequest;
import org.springframework.web.method.support.HandlerMethodArgumentResolver;
import org.springframework.web.method.support.ModelAndViewContainer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** The filter chain: what is open to everyone, what to each role, and how one logs in. */
@Configuration(proxyBeanMethods = false)
class SecuritySettings implements WebMvcConfigurer {
    private static final Logger log = LoggerFactory.getLogger(SecuritySettings.class);
    private static final RequestMatcher LIVE_TOKEN = pathPattern(HttpMethod.POST, "/live/token");
    private static final String[] OPEN = {
        "/", "/sign-up", LogIn.PATH, "/css/**", "/js/**", "/img/**", "/vendor/**", "/webjars/**", "/favicon.ico"
    };

    @Bean
    SecurityFilterChain console(HttpSecurity http, LogInGuard guard, MqttEndpoints endpoints) throws Exception {
        RequestMatcher scripted = SecuritySettings::isScripted;
        var pages = new HttpSessionRequestCache();
        pages.setRequestMatcher(request -> HttpMethod.GET.matches(request.getMethod())
                && !isScripted(request)
                && accepts(request, MediaType.TEXT_HTML_VALUE));
        return http.authorizeHttpRequests(requests -> requests.dispatcherTypeMatchers(
                                DispatcherType.ASYNC, DispatcherType.ERROR, DispatcherType.FORWARD)
                        .permitAll()
                        .requestMatchers(EndpointRequest.toAnyEndpoint())
                        .permitAll()
                        .requestMatchers(OPEN)
                        .permitAll()
                        .requestMatchers("/new-device", "/devices/*/delete")
                        .hasRole("ADMIN")
                        .requestMatchers(HttpMethod.POST, "/devices", "/devices/**", "/problems/**")
                        .hasRole("ADMIN")
                        .anyRequest()
                        .authenticated())
                .formLogin(form -> form.loginPage(LogIn.PATH)
                        .usernameParameter("email")
                        .successHandler((request, response, who) -> succeeded(guard, pages, request, response, who))
                        .failureHandler(SecuritySettings::failed))
                .logout(logout -> logout.logoutUrl("/logout")
                        .logoutSuccessUrl(LogIn.PATH + "?out")
                        .deleteCookies("dunlin"))
                .requestCache(cache -> cache.requestCache(pages))
                .exceptionHandling(refused -> refused.defaultAuthenticationEntryPointFor(
                                (request, response, why) -> logInAgain(request, response), scripted)
                        .defaultAuthenticationEntryPointFor(
                                new LoginUrlAuthenticationEntryPoint(LogIn.PATH), request -> !isScripted(request)))
                .headers(headers -> headers.referrerPolicy(policy -> policy.policy(ReferrerPolicy.SAME_ORIGIN))
                        .addHeaderWriter(new PageHeaders(endpoints)))
                .addFilterBefore(new LogInGuardFilter(guard), UsernamePasswordAuthenticationFilter.class)
                .build();
    }

    /** Tells of sessions that end, so that their event streams end with them. */
    @Bean
    HttpSessionEventPublisher sessionEvents() {
        return new HttpSessionEventPublisher();
    }

    @Override
    public void addArgumentResolvers(List<HandlerMethodArgumentResolver> resolvers) {
        resolvers.add(new TenantUserResolver());
    }

    /** Fills a controller's parameter of type {@link TenantUser}, from the session and from nowhere else. */
    private static final class TenantUserResolver implements HandlerMethodArgumentResolver {
        @Override
        public boolean supportsParameter(MethodParameter parameter) {
            return parameter.getParameterType() == TenantUser.class;
        }

        @Override
        public Object resolveArgument(
                MethodParameter parameter,
                @Nullable ModelAndViewContainer container,
                NativeWebRequest request,
                @Nullable WebDataBinderFactory binders) {
            var user = current();
            if (user == null) {
                throw new IllegalStateException("A page that needs a log-in is open to everyone.");
            }
            return user;
        }
    }

    static @Nullable TenantUser current() {
        var who = SecurityContextHolder.getContext().getAuthentication();
        return who != null && who.getPrincipal() instanceof TenantUser user ? user : null;
    }

    private static void succeeded(
            LogInGuard guard,
            HttpSessionRequestCache pages,
            HttpServletRequest request,
            HttpServletResponse response,
            Authentication who)
            throws IOException, jakarta.servlet.ServletException {
        guard.succeeded(request.getRemoteAddr(), LogIn.emailOf(request));
        var handler = new SavedRequestAwareAuthenticationSuccessHandler();
        handler.setRequestCache(pages);
        handler.setDefaultTargetUrl("/devices");
        handler.onAuthenticationSuccess(request, response, who);
    }

    /** One answer for an unknown address and a wrong password; another one if nobody can tell, for want of the database. */
    private static void failed(HttpServletRequest request, HttpServletResponse response, AuthenticationException why)
            throws IOException {
        if (why instanceof InternalAuthenticationServiceException) {
            if (DatabaseFault.of(why) == DatabaseFault.NONE) {
                log.error("A log-in to the console failed", why);
                response.sendError(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
            } else {
                response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
            }
            return;
        }
        LogIn.remember(request, LogIn.emailOf(request), 0);
        response.sendRedirect(request.getContextPath() + LogIn.PATH);
    }

    /** A script cannot follow a redirect to a page: htmx is told to go there, others see the status. */
    private static void logInAgain(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader("HX-Redirect", request.getContextPath() + LogIn.PATH);
        response.setStatus(HttpServletResponse.SC_UNAUTHORIZED);
    }

    private static boolean isScripted(HttpServletRequest request) {
        return "true".equals(request.getHeader("HX-Request"))
                || accepts(request, MediaType.TEXT_EVENT_STREAM_VALUE)
                || LIVE_TOKEN.matches(request);
    }

    private static boolean accepts(HttpServletRequest request, String type) {
        var accept = request.getHeader("Accept");
        return accept != null && accept.contains(type);
    }
}
