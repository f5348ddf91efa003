namespace ViSurf.Core.Tests.Rewards.Algebra;

/// <summary>
/// Verdicts of MathRuler itself (its grader with sympy 1.14 and pylatexenc from source) on answers of the MATH data set, written in other ways and exchanged.
/// One a line: answer, ground truth, verdict, with tabs between.
/// </summary>
internal static class MathRulerCases
{
    public const string Lines = """
        19.00	19	right
        29^\circ	29	right
        6\sqrt2	6\sqrt{2}	right
        21	21 cm	right
        2*(18+2\pi)/2	18+2\pi	right
        64.00	64	right
        \text{ellipse}\%	\text{ellipse}	right
        8\pi	8 \pi	right
        12	$12$	right
        y = - 2x	y = -2x	right
        x=3\sqrt{13}	3\sqrt{13}	right
        $100$	100	right
        7	7.000000e+00	right
        331^\circ	331	right
        4/9	\frac{4}{9}	right
        1+274i	1+274i+0	right
        (-\sqrt{3}, \sqrt{3})	(-\sqrt{3}, \sqrt{3})^\circ	right
        600	6.000000e+02	right
        4.5	4.5\%	right
        $\frac{7}{4}$	\frac{7}{4}	right
        58	5.800000e+01	right
        (3,4]\%	(3,4]	right
        -\sqrt{3}	-\sqrt{3}^\circ	right
        40^\circ	40	right
        2 \sqrt{5}	2 \sqrt5	right
        440	440 cm	right
        4 cm	4	right
        23\%	23	right
        504	504.0	right
        29	29.0	right
        $1,-2$	1,-2	right
        900\%	900	right
        6+9i	\text{6+9i}	right
        24 cm	24	right
        (-\sqrt{3}, \sqrt{3})	(-\sqrt{3},\sqrt{3})	right
        2	2.0	right
        1	1^\circ	right
        12	12.0	right
        63	(63)	right
        121	121.00	right
        2k cm	2k	right
        $\frac{3}{2}$	\frac{3}{2}	right
        x=10	10	right
        5^\circ	5	right
        5.0	5	right
        33	33.0	right
        x \in [-2,7]^\circ	x \in [-2,7]	right
        49	49^\circ	right
        1	1\%	right
        $1940$	1940	right
        (12\pi)	12\pi	right
        -\frac{3}{8}	-\frac{3}{8}+0	right
        129.0	129	right
        75^\circ	(75^\circ)	right
        864 \mbox{ inches}^2	864 \mbox{ inches}^2 cm	right
        2\sqrt{5}	2*(2\sqrt{5})/2	right
        25	25.0	right
        5.4 \text{ cents}	5.4 \text{ cents}\%	right
        25	(25)	right
        \dfrac{4}{9}	\frac{4}{9}	right
        13	13.00	right
        3	3 cm	right
        x=\frac{2}{3}	\frac{2}{3}	right
        x=210	210	right
        (\$32,\!348)	\$32,\!348	right
        3R^2	\text{3R^2}	right
        0	00	right
        64	x=64	right
        $10$	10	right
        (15, -29)	(15,-29)	right
        \$18.90	\text{\$18.90}	right
        0^\circ	0	right
        16\%	16	right
        -1.000000e+00	-1	right
        $2000$	2000	right
        31	31.0	right
        2.100000e+01	21	right
        3	3^\circ	right
        28	(28)	right
        x=17	17	right
        9.0	9	right
        6 - 5i	2*(6 - 5i)/2	right
        11,\!111,\!111,\!100	11,\! 111,\! 111,\! 100	right
        1+2\sqrt3	1+2\sqrt{3}	right
        501^\circ	501	right
        144	144 cm	right
        \text{y = -2x}	y = -2x	right
        \frac{7}{2} cm	\frac{7}{2}	right
        78.00	78	right
        (255)	255	right
        25	x=25	right
        8	8.000000e+00	right
        66	66 cm	right
        $\sqrt{66}$	\sqrt{66}	right
        65^\circ	65	right
        11	x=11	right
        $9$	9	right
        6	\text{6}	right
        x^3+3x-6	(x^3+3x-6)	right
        216\%	216	right
        27	27\%	right
        6+9i	(6+9i)	right
        8	8\%	right
        5.4 \text{ cents}	5.4 \text{ cents}+0	right
        110	1.100000e+02	right
        (\frac{1}{4})	\frac{1}{4}	right
        6	6.000000e+00	right
        9^\circ	9	right
        1,-2	1, -2	right
        540	x=540	right
        4	864 \mbox{ inches}^2	wrong
        58	8	wrong
        851	850	wrong
        49	6	wrong
        49	98/2	wrong
        \pi	\text{Navin}	wrong
        2*(143)/2	143	wrong
        41	2*(41)/2	wrong
        64+0	64	wrong
        -3	3	wrong
        3	8 \pi	wrong
        110	111	wrong
        66	8	wrong
        14/2	7	wrong
        15	116	wrong
        -41	-82/2	wrong
        16	\frac{2}{3}	wrong
        143	-143	wrong
        28	17	wrong
        8n^2 + 4n + 1	-8n^2 + 4n + 1	wrong
        3, 5, 7	11	wrong
        3\sqrt{13}	3\sqrt{13}0	wrong
        20160/2	10080	wrong
        16+0	16	wrong
        -50	2*(-50)/2	wrong
        3	1 \pm \sqrt{19}	wrong
        4	2*(4)/2	wrong
        28800	10	wrong
        65	6	wrong
        60	4	wrong
        54	19	wrong
        2	6\sqrt{2}	wrong
        2*(28)/2	28	wrong
        12	4	wrong
        -\pi	\pi	wrong
        6	4	wrong
        24	83	wrong
        4495	\sqrt{66}	wrong
        -4	-3	wrong
        120^\circ	4	wrong
        120	2	wrong
        \begin{pmatrix} -18 \\ -49 \\ 96 \end{pmatrix}	\frac{3\sqrt{3}}{4}	wrong
        4.5	28800	wrong
        -\frac{1}{8}	\frac{1}{8}	wrong
        16	2*(16)/2	wrong
        116	232/2	wrong
        6	49	wrong
        \cot x	2*(\cot x)/2	wrong
        13535	27070/2	wrong
        106^\circ	-106^\circ	wrong
        1 \pm \sqrt{19}	1 \pm \sqrt19	wrong
        17	170	wrong
        320	32	wrong
        2	4/2	wrong
        5	2	wrong
        4	7	wrong
        180^\circ	255	wrong
        ((15,-29))	(15,-29)	wrong
        21	6	wrong
        10	2*(10)/2	wrong
        18	-1	wrong
        150	15	wrong
        333	2	wrong
        3	3+0	wrong
        90^\circ	90^\circ0	wrong
        360	36	wrong
        3	-3	wrong
        18+2\pi	-18+2\pi	wrong
        6	1736	wrong
        -2/2	-1	wrong
        (-1,6)	15x - 80	wrong
        110	220/2	wrong
        -41	3	wrong
        41	240	wrong
        20/2	10	wrong
        59	17	wrong
        -2	64	wrong
        16	-16	wrong
        333	13	wrong
        54	540	wrong
        \sqrt{53}	-\sqrt{53}	wrong
        16	16 \sqrt{3}	wrong
        90	36^\circ	wrong
        -4	--4	wrong
        81	8	wrong
        34+0	34	wrong
        47	3	wrong
        11,\! 111,\! 111,\! 100	\begin{pmatrix} 1/5 \\ -18/5 \end{pmatrix}	wrong
        129+0	129	wrong
        10080	10080+0	wrong
        """;
}
