package dev.dunlin.database;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.util.DriverDataSource;
import java.nio.file.Path;
import java.time.Clock;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurationPackage;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.PropertySource;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Where the database comes from, and what Spring has to know of it: entities and repositories lie anywhere below
 * {@code dev.dunlin}, and the defaults of the property source give way to everything that is set elsewhere.
 */
@Configuration(proxyBeanMethods = false)
@AutoConfigurationPackage(basePackages = "dev.dunlin")
@PropertySource("classpath:dev/dunlin/database/defaults.properties")
class DatabaseConfiguration {
    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    /** Before the pool is used for the first time. */
    @Bean
    static BeanPostProcessor poolConnections(ObjectProvider<DatabasePulse> pulse) {
        return new BeanPostProcessor() {
            @Override
            public Object postProcessAfterInitialization(Object bean, String name) {
                if (bean instanceof HikariDataSource pool) {
                    var plain = new DriverDataSource(
                            pool.getJdbcUrl(),
                            pool.getDriverClassName(),
                            pool.getDataSourceProperties(),
                            pool.getUsername(),
                            pool.getPassword());
                    pool.setDataSource(new PoolConnections(plain, pulse.getObject()));
                }
                return bean;
            }
        };
    }

    /** A migration may take longer than anyone waits for a page. */
    @Bean
    FlywayConfigurationCustomizer unhurriedMigrations(JdbcConnectionDetails database) {
        return flyway -> flyway.dataSource(database.getJdbcUrl(), database.getUsername(), database.getPassword());
    }

    /** PostgreSQL of our own. Spring destroys it after the connection pool, since the pool depends on it. */
    @Configuration(proxyBeanMethods = false)
    @Conditional(NoDatabaseGiven.class)
    static class Embedded {
        @Bean
        EmbeddedPostgres embeddedPostgres(@Value("${dunlin.data-dir:./data}") Path dataDirectory) {
            return EmbeddedPostgres.start(dataDirectory);
        }

        @Bean
        JdbcConnectionDetails embeddedConnectionDetails(EmbeddedPostgres postgres) {
            return new JdbcConnectionDetails() {
                @Override
                public String getUsername() {
                    return postgres.userName();
                }

                @Override
                public String getPassword() {
                    return postgres.password();
                }

                @Override
                public String getJdbcUrl() {
                    return postgres.jdbcUrl();
                }
            };
        }
    }

    static class NoDatabaseGiven implements Condition {
        @Override
        public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return context.getEnvironment()
                    .getProperty("spring.datasource.url", "")
                    .isBlank();
        }
    }
}
