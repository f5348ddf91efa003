using CsCheck;
using FluentAssertions;
using ViSurf.Core.Rewards.Measures;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Measures;

public sealed class LinearAssignmentTests
{
    private static readonly Gen<double[,]> Tables = Gen.OneOf(
        Gen.Int[-3, 0].Select(i => (double)i).Array2D[Gen.Int[1, 6], Gen.Int[1, 6]], // the rewards' costs: many ties
        Gen.Double[-10, 10].Array2D[Gen.Int[1, 6], Gen.Int[1, 6]]);

    [Fact]
    public void No_assignment_is_cheaper_than_the_one_found()
        => Tables.Sample(cost =>
        {
            var columns = LinearAssignment.Solve(cost);
            Total(cost, columns).Should().BeApproximately(Cheapest(cost, 0, new bool[cost.GetLength(1)], Math.Max(0, cost.GetLength(0) - cost.GetLength(1))), 1e-9);
        }, iter: 2000);

    [Fact]
    public void Every_row_or_every_column_is_assigned_once()
        => Tables.Sample(cost =>
        {
            var assigned = LinearAssignment.Solve(cost).Where(c => c >= 0).ToArray();
            assigned.Should().HaveCount(Math.Min(cost.GetLength(0), cost.GetLength(1))).And.OnlyHaveUniqueItems();
            assigned.Should().OnlyContain(c => c < cost.GetLength(1));
        });

    [Fact]
    public void The_best_pair_is_given_up_when_the_sum_gains()
        // 0 + 9 with the cheapest pair; 1 + 1 without it.
        => LinearAssignment.Solve(new double[,] { { 0, 1 }, { 1, 9 } }).Should().Equal(1, 0);

    [Fact]
    public void More_rows_than_columns_leave_the_dearest_row_without_a_column()
        => LinearAssignment.Solve(new double[,] { { 5 }, { 1 }, { 3 } }).Should().Equal(-1, 0, -1);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 3)]
    [InlineData(2, 0)]
    public void An_empty_table_assigns_nothing(int rows, int columns)
        => LinearAssignment.Solve(new double[rows, columns]).Should().Equal(Enumerable.Repeat(-1, rows));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_cost_that_is_no_number_is_named_with_its_place(double value)
        => FluentActions.Invoking(() => LinearAssignment.Solve(new[,] { { 1, 2 }, { 3, value } }))
            .Should().Throw<ArgumentException>().WithMessage($"Expected finite costs, got {value} at [1, 1].*");

    private static double Total(double[,] cost, int[] columns) => columns.Select((c, r) => c < 0 ? 0 : cost[r, c]).Sum();

    /// <summary>Tries everything: each row takes a free column, or none while <paramref name="idle"/> rows may go without.</summary>
    private static double Cheapest(double[,] cost, int row, bool[] taken, int idle)
    {
        if (row == cost.GetLength(0)) return 0;
        var best = idle > 0 ? Cheapest(cost, row + 1, taken, idle - 1) : double.PositiveInfinity;
        for (var c = 0; c < taken.Length; c++)
        {
            if (taken[c]) continue;
            taken[c] = true;
            best = Math.Min(best, cost[row, c] + Cheapest(cost, row + 1, taken, idle));
            taken[c] = false;
        }
        return best;
    }
}
