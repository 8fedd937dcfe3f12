package dev.dunlin;

import dev.dunlin.account.Accounts;
import dev.dunlin.account.NewAccount;
import dev.dunlin.account.SignedUp;
import java.util.UUID;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The services on a real PostgreSQL, which all tests share. */
@SpringBootTest(classes = TestApplication.class, webEnvironment = SpringBootTest.WebEnvironment.NONE)
public abstract class ServiceTest {
    @Autowired
    protected Accounts accounts;

    @DynamicPropertySource
    static void database(DynamicPropertyRegistry registry) {
        TestDatabase.register(registry);
    }

    /** A new person with a workspace that no other test has. */
    protected SignedUp signUp(String workspace) {
        return accounts.signUp(new NewAccount(UUID.randomUUID() + "@example.com", "a long passphrase", workspace));
    }
}
