using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Measures;

/// <summary>The assignment of rows to columns with the least total cost (Hungarian method with potentials; Kuhn 1955, Munkres 1957).</summary>
public static class LinearAssignment
{
    /// <summary>Assigns min(rows, columns) pairs, each row and each column at most once. O(min² · max) time.</summary>
    /// <param name="cost">Finite costs [rows, columns]; rectangular is fine.</param>
    /// <returns>Per row its column, or −1 where a row got none (more rows than columns).</returns>
    /// <exception cref="ArgumentException">A cost is not finite; the message names its place.</exception>
    public static int[] Solve(double[,] cost)
    {
        Guard.NotNull(cost);
        var (rows, columns) = (cost.GetLength(0), cost.GetLength(1));
        for (var r = 0; r < rows; r++)
            for (var c = 0; c < columns; c++)
                if (!double.IsFinite(cost[r, c]))
                    throw new ArgumentException($"Expected finite costs, got {cost[r, c]} at [{r}, {c}].", nameof(cost));

        if (rows <= columns) return Invert(ColumnOwners(rows, columns, (r, c) => cost[r, c]), rows);
        return ColumnOwners(columns, rows, (r, c) => cost[c, r]);
    }

    /// <summary>Owner of each of the <paramref name="m"/> columns, −1 for none; needs n ≤ m.</summary>
    private static int[] ColumnOwners(int n, int m, Func<int, int, double> cost)
    {
        // Index 0 is a virtual column from which every augmenting path starts; rows and columns count from 1.
        var rowPotential = new double[n + 1];
        var columnPotential = new double[m + 1];
        var owner = new int[m + 1];
        var previous = new int[m + 1];
        for (var row = 1; row <= n; row++)
        {
            var slack = new double[m + 1];
            Array.Fill(slack, double.PositiveInfinity);
            var visited = new bool[m + 1];
            owner[0] = row;
            var column = 0;
            do
            {
                visited[column] = true;
                var (from, step, next) = (owner[column], double.PositiveInfinity, 0);
                for (var c = 1; c <= m; c++)
                {
                    if (visited[c]) continue;
                    var reduced = cost(from - 1, c - 1) - rowPotential[from] - columnPotential[c];
                    if (reduced < slack[c]) (slack[c], previous[c]) = (reduced, column);
                    if (slack[c] < step) (step, next) = (slack[c], c);
                }
                for (var c = 0; c <= m; c++)
                {
                    if (visited[c])
                    {
                        rowPotential[owner[c]] += step;
                        columnPotential[c] -= step;
                    }
                    else
                    {
                        slack[c] -= step;
                    }
                }
                column = next;
            }
            while (owner[column] != 0);

            for (; column != 0; column = previous[column]) owner[column] = owner[previous[column]];
        }
        return owner.Skip(1).Select(o => o - 1).ToArray();
    }

    private static int[] Invert(int[] owners, int rows)
    {
        var columns = new int[rows];
        Array.Fill(columns, -1);
        for (var c = 0; c < owners.Length; c++)
            if (owners[c] >= 0) columns[owners[c]] = c;
        return columns;
    }
}
