Feature: Runtime parameters
  Parameters come from the configuration, from the session and from the run. They are
  laid over each other key by key, at every depth, and the last one wins. The same
  values feed the nodes' parameters and every `${runtime_params:...}` in the catalog.

  Background:
    Given a project with these nodes
      | pipeline | node         | reads                      | writes   |
      | billing  | price_orders | orders, prices, params:vat | invoices |
      | billing  | sum_up       | invoices                   | turnover |
      | billing  | sign_receipt | invoices                   | receipt  |
      | settings | show         | parameters                 | settings |
      | discount | show         | params:discount.staff      | shown    |
    And the file "conf/base/catalog.yml" contains
      """
      orders:
        type: pandas.CSVDataset
        filepath: data/orders_${runtime_params:day, monday}.csv

      prices:
        type: pandas.CSVDataset
        filepath: data/prices.csv

      settings:
        type: json.JSONDataset
        filepath: data/settings.json
      """
    And the file "conf/base/parameters.yml" contains
      """
      vat: 20
      title: Orders of ${runtime_params:day, monday}
      discount:
        staff: 10
        regulars:
          silver: 1
          gold: 2
      """
    And the file "data/orders_monday.csv" contains
      | item  | quantity |
      | apple | 1        |
    And the file "data/orders_friday.csv" contains
      | item  | quantity |
      | apple | 3        |
    And the file "data/prices.csv" contains
      | item  | price |
      | apple | 10    |

  Scenario: Those of the run go over those of the session, and these over the configured
    Given a session with these runtime parameters
      """
      vat: 5
      discount:
        staff: 30
        regulars:
          gold: 3
      """
    When "settings" runs with
      """
      runtime_params:
        vat: 0
        discount:
          regulars:
            gold: 4
            platinum: 9
      """
    Then the output "settings" is
      """
      vat: 0
      title: Orders of monday
      discount:
        staff: 30
        regulars:
          silver: 1
          gold: 4
          platinum: 9
      """

  Scenario: A run resolves to what a new session with all its parameters would
    Given a session with these runtime parameters
      """
      day: friday
      discount: {staff: 30, regulars: {gold: 3}}
      """
    When "settings" runs with
      """
      runtime_params:
        discount: {regulars: {silver: 7}}
      """
    Then a new session with these runtime parameters makes the same "settings"
      """
      day: friday
      discount: {staff: 30, regulars: {gold: 3, silver: 7}}
      """

  Scenario: A parameter reaches the catalog and the other parameters
    Given a session
    When "billing" runs with
      """
      runtime_params: {day: friday}
      """
    Then the output "turnover" is 36
    And the file "data/orders_monday.csv" was read 0 times
    When "settings" runs with
      """
      runtime_params: {day: friday}
      """
    Then the key "title" of the output "settings" is "Orders of friday"

  Scenario: Parameters are those of one run only
    Given a session
    When "billing" runs with
      """
      runtime_params: {day: friday, vat: 0}
      """
    Then the output "turnover" is 30
    When "billing" runs
    Then the output "turnover" is 12
    And the file "data/orders_friday.csv" was read 1 time

  Scenario: Runs that overlap each have their own
    Given a session
    When runs of "billing" overlap in threads with
      | run_id | runtime_params          |
      | one    | {day: monday, vat: 0}   |
      | two    | {day: friday, vat: 0}   |
      | three  | {day: friday, vat: 100} |
      | four   | {vat: 50}               |
    Then the receipts are
      | run_id | receipt   |
      | one    | one: 10   |
      | two    | two: 30   |
      | three  | three: 60 |
      | four   | four: 15  |

  Scenario: What the caller gave stays as it was
    Given a session with these runtime parameters
      """
      discount: {staff: 30}
      """
    When "settings" runs with
      """
      runtime_params: {discount: {regulars: {gold: 4}}}
      """
    Then the caller's runtime parameters are still
      """
      discount: {regulars: {gold: 4}}
      """
    And the session's runtime parameters are still
      """
      discount: {staff: 30}
      """

  Scenario: A nested parameter is overridden by itself
    Given a session
    When "discount" runs with
      """
      runtime_params: {discount: {staff: 50}}
      """
    Then the output "shown" is 50
    When "discount" runs with
      """
      runtime_params: {discount: {regulars: {gold: 5}}}
      """
    Then the output "shown" is 10

  Scenario: Parameters are given on the command line
    When the command "kedro run --pipelines settings --params vat=5,day=friday,discount.staff=50" is called
    Then it succeeds
    And the file "data/settings.json" holds
      """
      vat: 5
      day: friday
      title: Orders of friday
      discount:
        staff: 50
        regulars:
          silver: 1
          gold: 2
      """
